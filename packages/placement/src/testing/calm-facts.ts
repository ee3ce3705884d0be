import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import type { CalmFacts } from "../calm.ts";
import type { PlacementFacts } from "../weighing.ts";

/** What snapshots say of policies and budgets, for tests: everything is allowed until a test says otherwise. */

export function calm(facts: Partial<CalmFacts> = {}): CalmFacts {
  return {
    movesPerHour: 1_000,
    fleetFullUntil: null,
    leavingFullUntil: {},
    arrivingFullUntil: {},
    brake: null,
    migrationTimeoutMs: 600_000,
    ...facts,
  };
}

/** A policy `p`, and metrics of which those that are `neutral` may be missing. */
export function policy(
  spec: Partial<PolicySpec>,
  metrics: Readonly<Record<string, "keep" | "neutral" | "exclude">> = {},
): PlacementFacts {
  const rules = Object.fromEntries(
    Object.entries(metrics).map(([name, whenStale]) => [name, { whenStale }]),
  );
  return { policy: { name: "p", namespaced: true, spec: { objectives: [], ...spec } }, rules };
}
