import type { Brake } from "./calm.ts";

export interface BrakeSettings {
  /** More than this part of the clusters that were online, from 0 to 1. */
  readonly share: number;
  /** And at least so many. */
  readonly least: number;
  /** That vanish within this time. */
  readonly windowMs: number;
  /** For how long it holds at most. */
  readonly holdMs: number;
}

/**
 * Whether so many clusters vanished at once that the fault is more likely a network or this program than the clusters.
 *
 * `vanishedAt`: of each cluster that was online and is not, the moment since when (milliseconds since the epoch);
 * `online`: how many are online now. Clusters that come back are in neither, so the brake ends with them; otherwise after
 * `holdMs`, and those that are still away then count as lost: they never start it again. Pure.
 */
export function brakeOf(
  vanishedAt: readonly number[],
  online: number,
  when: { readonly now: number; readonly settings: BrakeSettings },
): Brake | null {
  const { now, settings } = when;
  let away = vanishedAt.filter((at) => at <= now).toSorted((a, b) => a - b);
  while (away.length > 0) {
    const began = firstOutage(away, online, settings);
    if (began === undefined) return null;
    const until = began + settings.holdMs;
    const together = away.filter((at) => at > began - settings.windowMs && at <= until);
    if (until > now) {
      return { until, vanished: together.length, of: online + together.length };
    }
    away = away.filter((at) => at > until);
  }
  return null;
}

/** The moment at which too many were away that had vanished shortly before. `away` is in order. */
function firstOutage(
  away: readonly number[],
  online: number,
  { share, least, windowMs }: BrakeSettings,
): number | undefined {
  let first = 0;
  return away.find((at, index) => {
    while (away[first]! <= at - windowMs) first += 1;
    const together = index - first + 1;
    // Those that vanished later were online at that moment.
    const before = online + away.length - first;
    return together >= least && together > share * before;
  });
}
