import type { Application } from "@octoplane/kinds/application";
import { labelsMatch } from "@octoplane/kinds/label-selector";
import { neighbourRuleText, type NeighbourRule } from "@octoplane/kinds/neighbour-rule";
import type { Refusal } from "../filter.ts";
import type { Candidate } from "../candidate.ts";
import { isInUse, placesOf, placeText } from "./places.ts";
import { requirementsOf } from "./standing.ts";
import type { Counts, KeptAway } from "./standing-book.ts";

/** Looks at one candidate for one rule; `undefined`: the rule holds there. */
export type RuleCheck = (candidate: Candidate) => Refusal | undefined;

/** One rule of `applications`, with how many of those it is about stand where. */
export function prepareNeighbourRule(
  app: Application,
  rule: NeighbourRule,
  counts: Counts,
  candidates: readonly Candidate[],
): RuleCheck {
  return rule.together === undefined
    ? prepareApart(rule, counts, candidates)
    : prepareTogether(app, rule, counts, candidates);
}

/**
 * Those on a cluster that is drained, or gone, are not followed there. When none stand anywhere else and the application is
 * itself one of those it wants to be with, it goes first: else a group could never begin, nor leave together.
 */
function prepareTogether(
  app: Application,
  rule: NeighbourRule,
  counts: Counts,
  candidates: readonly Candidate[],
): RuleCheck {
  const { by, together = "" } = rule;
  const text = neighbourRuleText(rule);
  const places = placesOf(counts, by, candidates.filter(isInUse));
  const requirements = requirementsOf(together);
  const isOne = requirements !== undefined && labelsMatch(requirements, app.metadata.labels);
  const goesFirst = places.total === 0 && isOne;
  return (candidate) => {
    const there = places.at(candidate);
    if (there === undefined) return withoutLabel(text, by);
    if (there > 0 || goesFirst) return undefined;
    const message = `"${text}" does not hold: none of them stands ${placeText(by, candidate)}`;
    return { reason: "NeighbourMissing", message };
  };
}

function prepareApart(
  rule: NeighbourRule,
  counts: Counts,
  candidates: readonly Candidate[],
): RuleCheck {
  const { by } = rule;
  const text = neighbourRuleText(rule);
  const places = placesOf(counts, by, candidates);
  return (candidate) => {
    const there = places.at(candidate) ?? 0;
    if (there === 0) return undefined;
    const message = `"${text}" does not hold: ${there} of them ${there === 1 ? "stands" : "stand"} ${placeText(by, candidate)}`;
    return { reason: "NeighbourThere", message };
  };
}

function withoutLabel(text: string, by: string | undefined): Refusal {
  return { reason: "LabelMissing", message: `"${text}" wants a label ${by ?? ""}` };
}

/** Others who want to be apart from this application: it does not come to where they are. */
export function prepareKeptAway(
  keptAway: readonly KeptAway[],
  candidates: readonly Candidate[],
): RuleCheck {
  const byCluster = new Map<string, string>();
  const byLabel = new Map<string, Map<string, string>>();
  for (const { by, clusters } of keptAway) {
    for (const { name, labels } of candidates) {
      if (!Object.hasOwn(clusters, name)) continue;
      if (by === undefined) byCluster.set(name, clusters[name]!);
      else if (Object.hasOwn(labels, by)) {
        const values = byLabel.get(by) ?? new Map<string, string>();
        byLabel.set(by, values.set(labels[by]!, clusters[name]!));
      }
    }
  }
  return (candidate) => {
    const here = candidate.kind === undefined ? byCluster.get(candidate.name) : undefined;
    if (here !== undefined) return keptApart(here, placeText(undefined, candidate));
    for (const [by, values] of byLabel) {
      const value = Object.hasOwn(candidate.labels, by) ? candidate.labels[by]! : undefined;
      const other = value === undefined ? undefined : values.get(value);
      if (other !== undefined) return keptApart(other, placeText(by, candidate));
    }
    return undefined;
  };
}

function keptApart(name: string, place: string): Refusal {
  const message = `${name} stands ${place} and is to be apart from this application`;
  return { reason: "KeptApart", message };
}
