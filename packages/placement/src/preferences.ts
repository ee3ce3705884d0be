import type { Application } from "@octoplane/kinds/application";
import type { ScorePart } from "@octoplane/kinds/decision";
import { metricSatisfies, parseMetricConstraint } from "@octoplane/kinds/metric-constraint";
import type { Preference } from "@octoplane/kinds/constraints";
import type { Candidate } from "./candidate.ts";
import { prepareNeighbourWishes } from "./neighbours/neighbour-wishes.ts";
import { prepareExpression } from "./prepared-expression.ts";
import { prepareLabels } from "./prepared-labels.ts";
import { partsOf, stickinessPart, sumScore } from "./score.ts";
import type { Snapshot } from "./snapshot.ts";
import { isRankedBy, neutralValue, readingFor, scaleParts, type Scale } from "./weighing.ts";

/** One preference, read once for many candidates. */
export interface PreparedPreference {
  readonly text: string;
  readonly weight: number;
  holds(candidate: Candidate): boolean;
  /** The metric whose value is shown beside the part. */
  readonly metric?: string;
}

/**
 * The preferences of an application, and its wishes about others. What does not parse is never fulfilled: it was refused
 * when it was written.
 */
export function preparePreferences(
  app: Application,
  snapshot: Snapshot,
): readonly PreparedPreference[] {
  const preferred = app.spec.constraints.cluster.preferred ?? [];
  return [...preferred.map(preparePreference), ...prepareNeighbourWishes(app, snapshot)];
}

function preparePreference({
  weight,
  labels,
  metrics,
  expression,
}: Preference): PreparedPreference {
  if (expression !== undefined) {
    const holdsFor = prepareExpression(expression);
    return { text: expression, weight, holds: (candidate) => holdsFor(candidate).holds };
  }
  if (labels !== undefined) {
    const prepared = prepareLabels(labels);
    return { text: labels, weight, holds: (candidate) => prepared.holds(candidate.labels) };
  }
  const text = metrics ?? "";
  const parsed = parseMetricConstraint(text);
  if (!parsed.ok) return { text, weight, holds: () => false };
  const { metric } = parsed.constraint;
  const holds = ({ values }: Candidate): boolean =>
    values.has(metric) && metricSatisfies(parsed.constraint, values.get(metric)!);
  return { text, weight, metric, holds };
}

/**
 * The score with the preferences in it, each as a metric of its weight would be, with the value 1 where it is fulfilled and 0
 * elsewhere. `scales` are the metrics that count; without them, the cluster's own. Without scales and preferences it is
 * Krake's score, to the bit. This is called for every candidate, so it makes nothing anew.
 */
export function preferredScore(
  candidate: Candidate,
  stickiness: number,
  preferences: readonly PreparedPreference[],
  scales?: readonly Scale[],
): number {
  const isRanked = isRankedBy(candidate, scales);
  if (!isRanked && preferences.length === 0) return stickiness;
  let weightSum = 0;
  let weightedSum = 0;
  if (isRanked && scales === undefined) ({ weightSum, weightedSum } = candidate);
  else if (isRanked && scales !== undefined) {
    for (const scale of scales) {
      const reading = readingFor(candidate, scale);
      weightSum += scale.weight;
      weightedSum += scale.weight * (reading?.ok === true ? reading.value : neutralValue);
    }
  }
  // Whole numbers, summed by themselves: in whatever order they stand the sum is the same to the bit.
  let wished = 0;
  let fulfilled = 0;
  for (const preference of preferences) {
    wished += preference.weight;
    if (preference.holds(candidate)) fulfilled += preference.weight;
  }
  return sumScore(weightSum + wished, weightedSum + fulfilled, stickiness);
}

/** The parts of the score, the preferences among them. */
export function preferredParts(
  candidate: Candidate,
  stickiness: number,
  preferences: readonly PreparedPreference[],
  scales?: readonly Scale[],
): ScorePart[] {
  const wishes = preferences.map((preference): ScorePart => {
    const { text, weight, metric } = preference;
    const raw = metric === undefined ? null : (candidate.values.get(metric) ?? null);
    const value = preference.holds(candidate) ? 1 : 0;
    return { name: `preferred: ${text}`, weight, value, raw, time: null, provider: null };
  });
  const metrics =
    scales === undefined
      ? partsOf(candidate, stickiness)
      : [...scaleParts(candidate, scales), ...stickinessPart(stickiness)];
  return [...metrics, ...wishes];
}
