import { messageOf } from "@octoplane/shared/errors";
import type { BoundedFetch } from "./bounded-fetch.ts";
import { asFetched, type Fetched, type FetchValues } from "./provider.ts";

/**
 * Values from a Prometheus server: the provider's metric is any PromQL expression that gives one number, asked for by
 * an instant query (Prometheus HTTP API, `GET /api/v1/query`).
 */
export function prometheusFetcher(fetchJson: BoundedFetch): FetchValues {
  return async (spec, names, signal) => {
    const base = (spec.prometheus?.url ?? "").replace(/\/+$/, "");
    const answers = await Promise.allSettled(
      names.map((name) => {
        const url = `${base}/api/v1/query?query=${encodeURIComponent(name)}`;
        return fetchJson(url, signal);
      }),
    );
    const failed = answers.find((answer) => answer.status === "rejected");
    if (failed && answers.every((answer) => answer.status === "rejected")) throw failed.reason;
    return new Map(
      answers.map((answer, index) => [
        names[index]!,
        answer.status === "fulfilled"
          ? readAnswer(answer.value, names[index]!)
          : { ok: false, code: "UNREACHABLE_METRICS_PROVIDER", message: messageOf(answer.reason) },
      ]),
    );
  };
}

interface Sample {
  readonly metric?: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
}

/** The one number in an answer. Of several series, the one that bears the metric's own name. */
export function readAnswer(answer: unknown, expression: string): Fetched {
  const { status, error, data } = answer as {
    readonly status?: string;
    readonly error?: string;
    readonly data?: { readonly resultType?: string; readonly result?: unknown };
  };
  if (status !== "success" || !data)
    return refused(`Prometheus refused the query: ${error ?? "no reason given"}`);
  if (data.resultType === "scalar") return asFetched((data.result as Sample["value"])?.[1]);
  if (data.resultType !== "vector" || !Array.isArray(data.result)) {
    return refused(`expected one number, got a ${data.resultType ?? "nothing"}`);
  }
  const samples = data.result as readonly Sample[];
  const named = samples.filter((sample) => sample.metric?.["__name__"] === expression);
  const [sample, second] = named.length > 0 ? named : samples;
  if (!sample) return refused("the query gave no value");
  if (second && named.length !== 1) {
    return refused(
      `expected one series, got ${samples.length}; aggregate them, for example with sum()`,
    );
  }
  return asFetched(sample.value?.[1]);
}

function refused(message: string): Fetched {
  return { ok: false, code: "INVALID_METRIC", message };
}
