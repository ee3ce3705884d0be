import { normalised } from "@octoplane/kinds/metric-scale";
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
  const { name } = ref;
  const { metric, known } = facts;
  const identity = identityOf(ref, metric);
  const failing = (problem: Problem): MetricReading => ({
    ...identity,
    ok: false,
    ...problem,
    ...(known?.isPending === true ? { isPending: true } : {}),
  });
  const scope = ref.namespaced ? "Metric" : "GlobalMetric";
  if (!metric) {
    return failing({ code: "UNKNOWN_METRIC", message: `${scope} ${name} does not exist` });
  }
  const provider = metric.spec.provider.name;
  if (!facts.providerExists) {
    const message = `the provider ${provider} of ${name} does not exist`;
    return failing({ code: "UNKNOWN_METRICS_PROVIDER", message });
  }
  if (!known) return undefined;
  const { when_stale: whenStale = "exclude", min, max } = metric.spec;
  const stale = staleProblem(metric, known, when);
  const isKept = whenStale === "keep" && known.value !== undefined;
  if (stale && !isKept) {
    if (whenStale !== "neutral") return failing(stale);
    const raw = min + (max - min) / 2;
    const time = isoTime(known.time);
    return { ...identity, ok: true, raw, value: 0.5, time, provider, isAssumed: true };
  }
  const raw = known.value ?? 0;
  const problem = rangeProblem(name, metric, raw);
  if (problem) return failing(problem);
  const value = normalised(metric.spec, raw);
  return { ...identity, ok: true, raw, value, time: isoTime(known.time), provider };
}

/** Which metric it is, for those who weigh it by another name or know its unit; what is not said is left out. */
function identityOf(
  { name, weight, namespaced }: MetricRef,
  metric: Metric | undefined,
): Pick<MetricReading, "name" | "weight" | "namespaced" | "countsAs" | "unit"> {
  const { counts_as: countsAs, unit } = metric?.spec ?? {};
  return {
    name,
    weight,
    ...(namespaced ? { namespaced } : {}),
    ...(typeof countsAs === "string" ? { countsAs } : {}),
    ...(typeof unit === "string" ? { unit } : {}),
  };
}

interface Problem {
  readonly code: string;
  readonly message: string;
}

/**
 * Why there is no value, or it is too old. A value is as old as it was when it was fetched last, and grows older while
 * fetches fail; without a `max_age` it is the failures alone that count, for a minute. Pure.
 */
function staleProblem(
  { spec }: Metric,
  known: KnownValue,
  { now, freshMs }: { readonly now: number; readonly freshMs: number },
): Problem | undefined {
  const provider = spec.provider.name;
  if (known.value === undefined) {
    const { code, message } = known.trouble ?? noValue;
    return { code, message: `${provider}: ${message}` };
  }
  const { max_age: maxAge } = spec;
  const seenMs = known.trouble ? now : known.fetched;
  const ageMs = seenMs - (typeof maxAge === "number" ? known.time : known.fetched);
  if (ageMs <= (typeof maxAge === "number" ? maxAge * 1_000 : freshMs)) return undefined;
  if (known.trouble) {
    return { code: known.trouble.code, message: `${provider}: ${known.trouble.message}` };
  }
  const seconds = Math.round(ageMs / 1_000);
  const message = `${provider}: the value is ${seconds} s old, and may be ${maxAge} s`;
  return { code: "INVALID_METRIC", message };
}

const noValue = { code: "INVALID_METRIC", message: "no value yet" };

function rangeProblem(name: string, { spec }: Metric, raw: number): Problem | undefined {
  const { min, max, allowed_values: allowed } = spec;
  const code = "INVALID_METRIC";
  if (raw < min || raw > max) {
    return { code, message: `the value ${raw} of ${name} is not between ${min} and ${max}` };
  }
  if (allowed.length > 0 && !allowed.includes(raw)) {
    return { code, message: `the value ${raw} of ${name} is none of ${allowed.join(", ")}` };
  }
  return undefined;
}
