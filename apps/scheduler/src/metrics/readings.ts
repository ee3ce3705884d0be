import type { MetricRef } from "@octoplane/kinds/metric-ref";
import type { Metric } from "@octoplane/kinds/metric";
import { isoTime } from "@octoplane/shared/clock";
import type { MetricReading } from "@octoplane/placement/candidate";
import type { KnownValue } from "./metric-source.ts";

/** What is needed to read one metric; the caller looks it up in the right scope. */
export interface MetricFacts {
  readonly metric: Metric | undefined;
  readonly providerExists: boolean;
  readonly known: KnownValue | undefined;
}

/**
 * The reading of a metric that a cluster names: the value, normalised by the metric's range so that 1 is best, or why
 * there is none. `undefined` while the first fetch is under way. Pure.
 */
export function readMetric(
  ref: MetricRef,
  facts: MetricFacts,
  when: { readonly now: number; readonly freshMs: number },
): MetricReading | undefined {
  const { name, weight } = ref;
  const failing = (code: string, message: string): MetricReading => ({
    ok: false,
    name,
    weight,
    code,
    message,
  });
  const scope = ref.namespaced ? "Metric" : "GlobalMetric";
  const { metric, known } = facts;
  if (!metric) return failing("UNKNOWN_METRIC", `${scope} ${name} does not exist`);
  const provider = metric.spec.provider.name;
  if (!facts.providerExists) {
    return failing(
      "UNKNOWN_METRICS_PROVIDER",
      `the provider ${provider} of ${name} does not exist`,
    );
  }
  if (!known) return undefined;
  const stale = when.now - known.time > when.freshMs;
  if (known.value === undefined || (known.trouble && stale)) {
    const trouble = known.trouble ?? { code: "INVALID_METRIC", message: "no value yet" };
    return failing(trouble.code, `${provider}: ${trouble.message}`);
  }
  const { min, max, allowed_values: allowed, direction } = metric.spec;
  const raw = known.value;
  if (raw < min || raw > max) {
    return failing(
      "INVALID_METRIC",
      `the value ${raw} of ${name} is not between ${min} and ${max}`,
    );
  }
  if (allowed.length > 0 && !allowed.includes(raw)) {
    return failing(
      "INVALID_METRIC",
      `the value ${raw} of ${name} is none of ${allowed.join(", ")}`,
    );
  }
  const share = (raw - min) / (max - min);
  const value = direction === "lower" ? 1 - share : share;
  return { ok: true, name, weight, raw, value, time: isoTime(known.time), provider };
}
