import type { Application } from "@octoplane/kinds/application";
import type { ScorePart } from "@octoplane/kinds/decision";
import { labelsSatisfy, parseLabelConstraint } from "@octoplane/kinds/label-constraint";
import { metricSatisfies, parseMetricConstraint } from "@octoplane/kinds/metric-constraint";
import type { Candidate } from "./candidate.ts";
import { partsOf, scoreOf } from "./score.ts";

/** One preference, read once for many candidates. */
export interface PreparedPreference {
  readonly text: string;
  readonly weight: number;
  holds(candidate: Candidate): boolean;
  /** The metric whose value is shown beside the part. */
  readonly metric?: string;
}

/** What does not parse is never fulfilled: it was refused when it was written. */
export function preparePreferences(app: Application): readonly PreparedPreference[] {
  return (app.spec.constraints.cluster.preferred ?? []).map(({ weight, labels, metrics }) => {
    if (labels !== undefined) {
      const parsed = parseLabelConstraint(labels);
      const holds = (candidate: Candidate): boolean =>
        parsed.ok && labelsSatisfy(parsed.constraint, candidate.labels);
      return { text: labels, weight, holds };
    }
    const text = metrics ?? "";
    const parsed = parseMetricConstraint(text);
    if (!parsed.ok) return { text, weight, holds: () => false };
    const { metric } = parsed.constraint;
    const holds = ({ values }: Candidate): boolean =>
      values.has(metric) && metricSatisfies(parsed.constraint, values.get(metric)!);
    return { text, weight, metric, holds };
  });
}

/**
 * The score with the preferences in it, each as a metric of its weight would be, with the value 1 where it is fulfilled and 0
 * elsewhere. Without preferences it is the score, to the bit.
 */
export function preferredScore(
  candidate: Candidate,
  stickiness: number,
  preferences: readonly PreparedPreference[],
): number {
  if (preferences.length === 0) return scoreOf(candidate, stickiness);
  let { weightSum, weightedSum } = candidate.isRanked
    ? candidate
    : { weightSum: 0, weightedSum: 0 };
  for (const preference of preferences) {
    weightSum += preference.weight;
    if (preference.holds(candidate)) weightedSum += preference.weight;
  }
  return scoreOf({ ...candidate, isRanked: true, weightSum, weightedSum }, stickiness);
}

/** The parts of the score, the preferences among them. */
export function preferredParts(
  candidate: Candidate,
  stickiness: number,
  preferences: readonly PreparedPreference[],
): ScorePart[] {
  const wishes = preferences.map((preference): ScorePart => {
    const { text, weight, metric } = preference;
    const raw = metric === undefined ? null : (candidate.values.get(metric) ?? null);
    const value = preference.holds(candidate) ? 1 : 0;
    return { name: `preferred: ${text}`, weight, value, raw, time: null, provider: null };
  });
  return [...partsOf(candidate, stickiness), ...wishes];
}
