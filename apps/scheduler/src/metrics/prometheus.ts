import { textOf } from "@octoplane/shared/text-of";
import { jsonOf, type BoundedFetch } from "./bounded-fetch.ts";
import {
  asFetched,
  authorization,
  fetchParts,
  recordOf,
  refused,
  withoutSlash,
  type Fetched,
  type FetchValues,
} from "./provider.ts";

/**
 * Values from a Prometheus server: the provider's metric is any PromQL expression that gives one number, asked for by
 * an instant query (Prometheus HTTP API, `GET /api/v1/query`), which takes one expression at a time.
 */
export function prometheusFetcher(send: BoundedFetch): FetchValues {
  return async ({ prometheus }, names, signal) => {
    const base = `${withoutSlash(prometheus?.url ?? "")}/api/v1/query`;
    const headers = authorization(prometheus ?? {});
    const ca = prometheus?.ca ?? undefined;
    return await fetchParts(names, 1, async ([name = ""]) => {
      const url = `${base}?query=${encodeURIComponent(name)}`;
      const answer = await send({ url, headers, ca }, signal);
      return new Map([[name, readAnswer(jsonOf(answer), name)]]);
    });
  };
}

/** The one number in an answer. Of several series, the one that bears the metric's own name. */
export function readAnswer(answer: unknown, expression: string): Fetched {
  const { status, error, data } = recordOf(answer);
  if (status !== "success") {
    const reason = typeof error === "string" ? error : "no reason given";
    return refused(`Prometheus refused the query: ${reason}`);
  }
  const { resultType, result } = recordOf(data);
  if (resultType === "scalar") return asFetched(valueOf(result));
  if (resultType !== "vector" || !Array.isArray(result)) {
    return refused(`expected one number, got a ${textOf(resultType ?? "nothing").slice(0, 40)}`);
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
