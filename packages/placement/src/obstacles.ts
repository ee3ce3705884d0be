import type { Application } from "@octoplane/kinds/application";
import type { CandidateVerdict, Decision, Verdict } from "@octoplane/kinds/decision";
import type { Need, Obstacle } from "@octoplane/kinds/explanation";
import {
  metricSatisfies,
  parseMetricConstraint,
  type MetricConstraint,
} from "@octoplane/kinds/metric-constraint";
import { limits } from "@octoplane/shared/limits";
import type { Candidate } from "./candidate.ts";

/**
 * What would have to change for an application to fit: for each cluster of a decision on which it does not, everything that
 * is in the way, the clusters with the least of it first. Pure.
 */
export function obstaclesOf(
  app: Application,
  decision: Decision,
  candidates: readonly Candidate[],
): readonly Obstacle[] {
  const byName = new Map(candidates.map((candidate) => [candidate.name, candidate]));
  return decision.candidates
    .filter(({ fits, kind }) => !fits && kind === undefined)
    .map((row) => obstacleOf(app, row, byName.get(row.cluster.name)))
    .toSorted((a, b) => a.needs.length - b.needs.length)
    .slice(0, limits.explainObstaclesMax);
}

function obstacleOf(
  app: Application,
  { cluster, verdicts }: CandidateVerdict,
  candidate: Candidate | undefined,
): Obstacle {
  const failing = verdicts.filter(({ fits }) => !fits);
  const needs = failing.flatMap((verdict) => needsOf(app, verdict, candidate));
  const [only, ...others] = failing;
  return { cluster, alone: only && others.length === 0 ? only.filter : null, needs };
}

function needsOf(
  app: Application,
  { filter, message }: Verdict,
  candidate: Candidate | undefined,
): readonly Need[] {
  const plain: Need = { filter, message, metric: null, value: null, needed: null };
  if (filter !== "metrics" || candidate === undefined) return [plain];
  const texts = app.spec.constraints.cluster.metrics ?? [];
  const needs = texts.flatMap((text) => {
    const parsed = parseMetricConstraint(text);
    if (!parsed.ok) return [];
    const { metric } = parsed.constraint;
    const value = candidate.values.get(metric);
    if (value !== undefined && metricSatisfies(parsed.constraint, value)) return [];
    const needed = neededOf(parsed.constraint, value);
    const now = value === undefined ? "has no value" : `is ${value}`;
    const words = `${metric} ${now}, and would have to be ${needed}`;
    return [{ filter, message: words, metric, value: value ?? null, needed }];
  });
  return needs.length === 0 ? [plain] : needs;
}

/** The nearest numbers that satisfy a constraint, as a comparison: of a range the side that fails. */
function neededOf(constraint: MetricConstraint, value: number | undefined): string {
  const sides = constraint.also ? [constraint, constraint.also] : [constraint];
  const failing =
    value === undefined
      ? sides
      : sides.filter(({ operator, value: limit }) => {
          const side = { metric: constraint.metric, operator, value: limit };
          return !metricSatisfies(side, value);
        });
  return failing.map(({ operator, value: limit }) => `${operator} ${limit}`).join(" and ");
}
