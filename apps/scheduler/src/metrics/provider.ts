import type { MetricsProvider } from "@octoplane/kinds/metrics-provider";

/** What one fetch of a provider gave for one of its metrics. */
export type Fetched =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * One way to get values: all wanted metrics of one provider in one go. Throws when the provider as a whole cannot be
 * reached; what is wrong with a single metric is told in its entry.
 */
export type FetchValues = (
  spec: MetricsProvider["spec"],
  names: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, Fetched>>;

/** A number, or why it is none. */
export function asFetched(value: unknown): Fetched {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return { ok: true, value: number };
  return {
    ok: false,
    code: "INVALID_METRIC",
    message:
      value === undefined
        ? "the provider gave no value"
        : `the value ${JSON.stringify(value).slice(0, 100)} is not a number`,
  };
}
