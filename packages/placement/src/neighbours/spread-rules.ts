import { spreadText, type SpreadRule } from "@octoplane/kinds/neighbour-rule";
import type { Candidate } from "../candidate.ts";
import type { RuleCheck } from "./neighbour-rules.ts";
import { placesOf, placeText } from "./places.ts";
import type { Counts } from "./standing-book.ts";

/**
 * One rule of `spread`. The emptiest place is looked for among the clusters that the application could otherwise take
 * (`mayTake`): a place that it can never come to would hold everybody back.
 */
export function prepareSpread(
  rule: SpreadRule,
  counts: Counts,
  candidates: readonly Candidate[],
  mayTake: (candidate: Candidate) => boolean,
): RuleCheck {
  const { by, max_skew } = rule;
  const text = spreadText(rule);
  const places = placesOf(counts, by, candidates);
  let least = Infinity;
  for (const candidate of candidates) {
    if (least === 0) break;
    const there = places.at(candidate);
    if (there !== undefined && there < least && mayTake(candidate)) least = there;
  }
  return (candidate) => {
    const there = places.at(candidate);
    if (there === undefined) {
      return { reason: "LabelMissing", message: `"${text}" wants a label ${by ?? ""}` };
    }
    if (there + 1 - Math.min(least, there) <= max_skew) return undefined;
    const message =
      `"${text}" does not hold: ${there} ${there === 1 ? "stands" : "stand"} ` +
      `${placeText(by, candidate)} and ${least} in the emptiest place`;
    return { reason: "SpreadTooUneven", message };
  };
}
