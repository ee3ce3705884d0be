import type { Application } from "@octoplane/kinds/application";
import { neighbourRuleText, spreadText } from "@octoplane/kinds/neighbour-rule";
import type { Candidate } from "../candidate.ts";
import { prepareMayTake } from "../filters/place-filters.ts";
import type { Snapshot } from "../snapshot.ts";
import { prepareNeighbourRule } from "./neighbour-rules.ts";
import { prepareSpread } from "./spread-rules.ts";

/** A rule about other applications that is a wish: it counts in the score, as preferences do. */
export interface NeighbourWish {
  readonly text: string;
  readonly weight: number;
  holds(candidate: Candidate): boolean;
}

export function prepareNeighbourWishes(
  app: Application,
  snapshot: Snapshot,
): readonly NeighbourWish[] {
  const { applications = [], spread = [] } = app.spec.constraints.cluster;
  if (applications.length + spread.length === 0) return [];
  const { neighbours, candidates } = snapshot;
  return [
    ...applications.flatMap((rule, index) => {
      if (rule.weight === undefined) return [];
      const counts = neighbours?.applications[index] ?? {};
      const check = prepareNeighbourRule(app, rule, counts, candidates);
      return [wishOf(neighbourRuleText(rule), rule.weight, check)];
    }),
    ...spread.flatMap((rule, index) => {
      if (rule.weight === undefined) return [];
      const counts = neighbours?.spread[index] ?? {};
      const check = prepareSpread(rule, counts, candidates, prepareMayTake(app, snapshot));
      return [wishOf(spreadText(rule), rule.weight, check)];
    }),
  ];
}

function wishOf(
  text: string,
  weight: number,
  check: (candidate: Candidate) => unknown,
): NeighbourWish {
  return { text, weight, holds: (candidate) => check(candidate) === undefined };
}
