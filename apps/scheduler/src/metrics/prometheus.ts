import { messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
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

/** The one number in an answer. Of several series, the one that bears the metric's own name. */
export function readAnswer(answer: unknown, expression: string): Fetched {
  const { status, error, data } = recordOf(answer);
  if (status !== "success") {
    const reason = typeof error === "string" ? error : "no reason given";
    return refused(`Prometheus refused the query: ${reason.slice(0, limits.messageCharsMax)}`);
  }
  const { resultType, result } = recordOf(data);
  if (resultType === "scalar") return asFetched(valueOf(result));
  if (resultType !== "vector" || !Array.isArray(result)) {
    return refused(`expected one number, got a ${String(resultType ?? "nothing")}`);
  }
  const samples = result.map(recordOf);
  const named = samples.filter(({ metric }) => recordOf(metric)["__name__"] === expression);
  const [sample, second] = named.length > 0 ? named : samples;
  if (!sample) return refused("the query gave no value");
  if (second) {
    const count = named.length > 0 ? named.length : samples.length;
    return refused(`expected one series, got ${count}; aggregate them, for example with sum()`);
  }
  return asFetched(valueOf(sample["value"]));
}

/** A sample's value is a pair of its time and a text. */
function valueOf(sample: unknown): unknown {
  return Array.isArray(sample) ? (sample as readonly unknown[])[1] : undefined;
}

/** The answer comes from outside: whatever it is, looking into it must not fail. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function refused(message: string): Fetched {
  return { ok: false, code: "INVALID_METRIC", message };
}
