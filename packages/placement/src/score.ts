import type { ScorePart } from "@octoplane/kinds/decision";
import type { Candidate } from "./candidate.ts";

/**
 * The score of a candidate (contract section 4.5):
 *
 *     with metrics      (Σ weight × value + s) / (Σ weight + s)
 *     without metrics   s
 *
 * where `s` is the stickiness for the cluster that the application is on, and 0 for every other. Weights may be zero or
 * negative; where they leave nothing to divide by, or no number at all, the score is 0.
 */
export function scoreOf(candidate: Candidate, stickiness: number): number {
  if (!candidate.isRanked) return stickiness;
  return sumScore(candidate.weightSum, candidate.weightedSum, stickiness);
}

/** The formula itself, from Σ weight and Σ weight × value. */
export function sumScore(weightSum: number, weightedSum: number, stickiness: number): number {
  const score = (weightedSum + stickiness) / (weightSum + stickiness);
  // Nothing divided by a negative weight is minus zero, which JSON does not know.
  return Number.isFinite(score) && score !== 0 ? score : 0;
}

/** The parts that the score is made of, for people. */
export function partsOf(candidate: Candidate, stickiness: number): ScorePart[] {
  const parts: ScorePart[] = [];
  for (const reading of candidate.readings) {
    if (!reading.ok) continue;
    const { name, weight, value, raw, time, provider } = reading;
    parts.push({ name, weight, value, raw, time, provider });
  }
  return [...parts, ...stickinessPart(stickiness)];
}

/** None for a cluster that the application is not on. */
export function stickinessPart(weight: number): readonly ScorePart[] {
  if (!(weight > 0)) return [];
  return [{ name: "stickiness", weight, value: 1, raw: null, time: null, provider: null }];
}
