import { prepareKeptAway, prepareNeighbourRule } from "../neighbours/neighbour-rules.ts";
import { prepareSpread } from "../neighbours/spread-rules.ts";
import type { Filter } from "../filter.ts";
import { prepareMayTake } from "./place-filters.ts";

/**
 * Every required rule about other applications holds. Its own rules to be with others, or apart from them, hold also where it
 * is. That others want to be apart from it, and an even spread, concern only those that come: they would move what
 * nobody has changed.
 */
export const neighboursFilter: Filter = {
  name: "neighbours",
  prepare(app, snapshot) {
    const { applications = [], spread = [] } = app.spec.constraints.cluster;
    const isKept = (snapshot.neighbours?.keptAway.length ?? 0) > 0;
    if (!isKept && applications.length + spread.length === 0) return undefined;
    const { neighbours, candidates } = snapshot;
    const mayTake = prepareMayTake(app, snapshot);
    const own = applications.flatMap((rule, index) =>
      rule.weight === undefined
        ? [prepareNeighbourRule(app, rule, neighbours?.applications[index] ?? {}, candidates)]
        : [],
    );
    const coming = [
      ...(neighbours && neighbours.keptAway.length > 0
        ? [prepareKeptAway(neighbours.keptAway, candidates)]
        : []),
      ...spread.flatMap((rule, index) =>
        rule.weight === undefined
          ? [prepareSpread(rule, neighbours?.spread[index] ?? {}, candidates, mayTake)]
          : [],
      ),
    ];
    if (own.length + coming.length === 0) return undefined;
    const all = [...own, ...coming];
    return (candidate, isCurrent) => {
      for (const check of isCurrent ? own : all) {
        const refusal = check(candidate);
        if (refusal) return refusal;
      }
      return undefined;
    };
  },
};
