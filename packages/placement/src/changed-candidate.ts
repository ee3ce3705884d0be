import { normalised, type MetricScale } from "@octoplane/kinds/metric-scale";
import { withReadings, type Candidate, type MetricReading } from "./candidate.ts";

/** The cluster with another value of one of its metrics. */
export function withValue(
  candidate: Candidate,
  reading: MetricReading,
  now: { readonly value: number; readonly raw: number },
): Candidate {
  const readings = candidate.readings.map((one): MetricReading => {
    if (one !== reading) return one;
    const { name, weight, namespaced, countsAs, unit } = one;
    const identity = { name, weight, namespaced, countsAs, unit };
    const known = one.ok ? one : { time: new Date(0).toISOString(), provider: "what if" };
    return { ...defined(identity), ok: true, ...now, time: known.time, provider: known.provider };
  });
  return withReadings(candidate, readings);
}

/** The same with a number as a provider would give it; a number out of the metric's range counts as none. */
export function withRaw(
  candidate: Candidate,
  reading: MetricReading,
  { raw, scale }: { readonly raw: number; readonly scale: MetricScale },
): Candidate {
  if (raw >= scale.min && raw <= scale.max) {
    return withValue(candidate, reading, { raw, value: normalised(scale, raw) });
  }
  const message = `the value ${raw} of ${reading.name} is not between ${scale.min} and ${scale.max}`;
  const failing = { ok: false, code: "INVALID_METRIC", message } as const;
  const { name, weight, namespaced, countsAs, unit } = reading;
  const identity = defined({ name, weight, namespaced, countsAs, unit });
  const readings = candidate.readings.map((one) =>
    one === reading ? { ...identity, ...failing } : one,
  );
  return withReadings(candidate, readings);
}

type Identity = Pick<MetricReading, "name" | "weight" | "namespaced" | "countsAs" | "unit">;

function defined(identity: { readonly [K in keyof Identity]: Identity[K] | undefined }): Identity {
  const entries = Object.entries(identity).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries) as unknown as Identity;
}
