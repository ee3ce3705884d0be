import type { Application } from "@octoplane/kinds/application";
import type { AppliedPolicy, ScorePart } from "@octoplane/kinds/decision";
import type { Reason } from "@octoplane/kinds/metadata";
import type { Objective, PolicySpec } from "@octoplane/kinds/placement-policy";
import type { Candidate, MetricReading } from "./candidate.ts";
import type { Snapshot } from "./snapshot.ts";

/** The policy that an application names, as it was found. */
export interface NamedPolicy {
  readonly name: string;
  /** True for one of the application's namespace, false for a global one. */
  readonly namespaced: boolean;
  readonly spec: PolicySpec;
}

/** What a metric says of itself that counts for clusters which have no value of it. */
export interface MetricRule {
  readonly whenStale: "keep" | "neutral" | "exclude";
}

/** What an application's own placement settings lead to; plain data. Absent for one that has none. */
export interface PlacementFacts {
  /** `null`: it names a policy, and there is none of that name. Absent: it names none. */
  readonly policy?: NamedPolicy | null;
  /** By name, the metrics of its objectives; those that do not exist are not in it. */
  readonly rules: Readonly<Record<string, MetricRule>>;
}

/** One metric that counts, by its name or by what it counts as. */
export interface Scale {
  readonly metric: string;
  readonly weight: number;
  readonly namespaced: boolean | undefined;
  /** A cluster without a value counts with the middle of the range; otherwise it comes after all that have one. */
  readonly isNeutral: boolean;
}

/** By what one application compares clusters, worked out once for many of them. */
export interface Weighing {
  /** `undefined`: the metrics that clusters name, with the clusters' own weights. */
  readonly scales: readonly Scale[] | undefined;
  readonly stickiness: number;
  readonly policy: PolicySpec | undefined;
  /** What the decision tells of it; `undefined` for an application without settings of its own. */
  readonly applied: AppliedPolicy | undefined;
}

/**
 * The metrics that count for an application: the policy's objectives, and its own weights, which come before the policy's of
 * the same name. In order of their names, so that a sum never depends on how they were written. Pure.
 */
export function objectivesOf(
  app: Pick<Application, "spec">,
  policy: PolicySpec | undefined,
): readonly Objective[] {
  const byName = new Map((policy?.objectives ?? []).map((one) => [one.metric, one]));
  for (const [metric, weight] of Object.entries(app.spec.placement?.weights ?? {})) {
    byName.set(metric, { ...byName.get(metric), metric, weight });
  }
  return [...byName.values()].toSorted((a, b) => (a.metric < b.metric ? -1 : 1));
}

/**
 * How clusters are compared for this application. A policy that is missing and metrics that do not exist are left out
 * and told of; what is left when nothing is left are the clusters' own weights. Pure.
 */
export function prepareWeighing(app: Application, snapshot: Snapshot): Weighing {
  const { placement } = snapshot;
  if (placement === undefined) return defaults(snapshot);
  const policy = placement.policy?.spec;
  const objectives = objectivesOf(app, policy);
  const known = objectives.filter(({ metric }) => Object.hasOwn(placement.rules, metric));
  const scales = known.map(({ metric, weight, namespaced }): Scale => ({
    metric,
    weight,
    namespaced,
    isNeutral: placement.rules[metric]?.whenStale === "neutral",
  }));
  const missing = objectives.filter((one) => !known.includes(one));
  return {
    scales: scales.length === 0 ? undefined : scales,
    stickiness: policy?.stickiness ?? snapshot.stickiness,
    policy,
    applied: {
      name: app.spec.placement?.policy ?? null,
      namespaced: placement.policy?.namespaced ?? null,
      weights: Object.fromEntries(scales.map(({ metric, weight }) => [metric, weight])),
      problem: problemOf(app, placement, missing) ?? null,
    },
  };
}

function defaults({ stickiness }: Snapshot): Weighing {
  return { scales: undefined, stickiness, policy: undefined, applied: undefined };
}

function problemOf(
  app: Application,
  placement: PlacementFacts,
  missing: readonly Objective[],
): Reason | undefined {
  if (placement.policy === null) {
    const name = app.spec.placement?.policy ?? "";
    const message = `there is no placement policy ${name}, neither in the namespace nor a global one`;
    return { code: "PolicyMissing", message };
  }
  if (missing.length === 0) return undefined;
  const names = missing.map(({ metric }) => metric).join(", ");
  const message = `no metric is called or counts as ${names}; without it clusters are compared by what is left`;
  return { code: "MetricMissing", message };
}

/** The cluster's reading for a scale: the one of its name, else the first that counts as it. */
export function readingFor(candidate: Candidate, scale: Scale): MetricReading | undefined {
  let standIn: MetricReading | undefined;
  for (const reading of candidate.readings) {
    const isOther =
      scale.namespaced !== undefined && (reading.namespaced ?? false) !== scale.namespaced;
    if (isOther) continue;
    if (reading.name === scale.metric) return reading;
    if (reading.countsAs === scale.metric) standIn ??= reading;
  }
  return standIn;
}

/** True when every metric that counts has a value there, or may be without one. */
export function isRankedBy(candidate: Candidate, scales: readonly Scale[] | undefined): boolean {
  if (scales === undefined) return candidate.isRanked;
  for (const scale of scales) {
    if (!scale.isNeutral && readingFor(candidate, scale)?.ok !== true) return false;
  }
  return true;
}

/** The parts of a score that come of metrics; those without a value say why. */
export function scaleParts(candidate: Candidate, scales: readonly Scale[]): ScorePart[] {
  return scales.map((scale): ScorePart => {
    const { metric, weight, isNeutral } = scale;
    const reading = readingFor(candidate, scale);
    if (reading?.ok === true) {
      const { value, raw, time, provider } = reading;
      return { name: metric, weight, value, raw, time, provider };
    }
    const why = reading?.message ?? `the cluster names no metric ${metric}`;
    const counts = isNeutral ? "it counts as the middle of its range" : "others come first";
    const problem = `${why}; ${counts}`;
    const value = isNeutral ? neutralValue : null;
    return { name: metric, weight, value, raw: null, time: null, provider: null, problem };
  });
}

/** The middle of any range. */
export const neutralValue = 0.5;
