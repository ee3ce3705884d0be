import type { Objective, PolicySpec } from "@octoplane/kinds/placement-policy";
import type { QuietHours } from "@octoplane/kinds/quiet-hours";
import type { MoveBudget } from "../input/policy-values.ts";

/** What the flags of `policy create` and `policy update` ask for. */
export interface PolicyFlags {
  readonly objective?: Readonly<Record<string, number>>;
  readonly removeExistingObjectives?: boolean;
  readonly minimumGain?: number;
  readonly dwell?: number;
  readonly cooldown?: number;
  readonly stickiness?: number;
  readonly quietHours?: readonly QuietHours[];
  readonly removeExistingQuietHours?: boolean;
  readonly budget?: MoveBudget;
}

/**
 * The specification with what was named changed: an objective that is there gets its new weight, others and quiet hours
 * are added. Pure.
 */
export function changePolicy(spec: PolicySpec, flags: PolicyFlags): PolicySpec {
  const { minimumGain, dwell, cooldown, stickiness, budget } = flags;
  return {
    ...spec,
    objectives: objectives(spec.objectives, flags),
    ...quietHours(spec.quiet_hours, flags),
    ...(minimumGain === undefined ? {} : { minimum_gain: minimumGain }),
    ...(dwell === undefined ? {} : { dwell }),
    ...(cooldown === undefined ? {} : { cooldown }),
    ...(stickiness === undefined ? {} : { stickiness }),
    ...(budget === undefined ? {} : { budget }),
  };
}

function objectives(before: readonly Objective[], flags: PolicyFlags): Objective[] {
  const kept = flags.removeExistingObjectives === true ? [] : before;
  const byMetric = new Map(kept.map((one) => [one.metric, one]));
  for (const [metric, weight] of Object.entries(flags.objective ?? {})) {
    byMetric.set(metric, { ...byMetric.get(metric), metric, weight });
  }
  return [...byMetric.values()];
}

function quietHours(
  before: readonly QuietHours[] | undefined,
  flags: PolicyFlags,
): Pick<PolicySpec, "quiet_hours"> {
  const isCleared = flags.removeExistingQuietHours === true;
  if (flags.quietHours === undefined && !isCleared) return {};
  return { quiet_hours: [...(isCleared ? [] : (before ?? [])), ...(flags.quietHours ?? [])] };
}
