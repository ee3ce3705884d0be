import type { Application } from "@octoplane/kinds/application";
import type { Decision, Place } from "@octoplane/kinds/decision";
import type { Shift } from "@octoplane/kinds/explanation";
import type { Reason } from "@octoplane/kinds/metadata";
import { numberOf, type MetricScale } from "@octoplane/kinds/metric-scale";
import { limits } from "@octoplane/shared/limits";
import type { Candidate, MetricReading } from "./candidate.ts";
import { withValue } from "./changed-candidate.ts";
import { decide } from "./decide.ts";
import { placeOf } from "./describe-candidates.ts";
import type { Snapshot } from "./snapshot.ts";

/** The range of a metric, where it is known: of a cluster's reading by its name and scope. */
export type FindScale = (reading: MetricReading) => MetricScale | undefined;

/** What may be asked about; `decision` is the one that holds now. */
export interface Asked {
  readonly app: Application;
  readonly snapshot: Snapshot;
  readonly decision: Decision;
  readonly scaleOf: FindScale;
}

/**
 * By how much which one metric would have to change for an application to move: of the clusters that come next, how good
 * it would have to become, of the present one, how bad. The value is searched with `decide` itself, so that it holds for
 * every policy, and every answer was tried on the whole fleet. What time alone ends (dwell, budgets, quiet hours) is left out of
 * account. Yields after each search, for whoever has other things to do. Pure.
 */
export function* shiftsOf(asked: Asked): Generator<undefined, readonly Shift[]> {
  const { decision, snapshot } = asked;
  const here = find(snapshot.candidates, decision.chosen);
  // One of several copies moves at a time, and which one depends on all of them: no one metric is enough.
  if (!here || decision.places !== undefined) return [];
  const rivals = decision.candidates
    .filter((row) => row.fits && row.kind === undefined && row.cluster.name !== here.name)
    .slice(0, limits.explainRivalsMax)
    .flatMap((row) => find(snapshot.candidates, row.cluster) ?? []);
  const shifts: Shift[] = [];
  for (const rival of rivals) {
    for (const changed of [rival, here]) {
      for (const reading of changed.readings) {
        const shift = shiftOf(asked, { here, rival, changed, reading, rivals });
        if (shift) shifts.push(shift);
        yield;
      }
    }
  }
  return shifts
    .toSorted((a, b) => Math.abs(a.needed - a.value) - Math.abs(b.needed - b.value))
    .slice(0, limits.explainShiftsMax);
}

interface Search {
  readonly here: Candidate;
  readonly rival: Candidate;
  /** Whose metric is changed. */
  readonly changed: Candidate;
  readonly reading: MetricReading;
  readonly rivals: readonly Candidate[];
}

function shiftOf({ app, snapshot, scaleOf }: Asked, search: Search): Shift | undefined {
  const { here, rival, changed, reading, rivals } = search;
  if (!reading.ok) return undefined;
  const scale = scaleOf(reading);
  const free = withoutHolds(app, snapshot);
  const bound = { ...free.app, status: { ...free.app.status, scheduled_to: refOf(here) } };
  const wins = (value: number, among: readonly Candidate[]): boolean => {
    const raw = scale ? numberOf(scale, value) : reading.raw;
    const candidates = among.map((one) => {
      const same = one.name === changed.name ? reading : sharedWith(one, reading);
      return same === undefined ? one : withValue(one, same, { value, raw });
    });
    return decide(bound, { ...free.snapshot, candidates }, 2).chosen?.name === rival.name;
  };
  const near = [here, ...rivals].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const extreme = changed === here ? 0 : 1;
  if (wins(reading.value, near) || !wins(extreme, near)) return undefined;
  const needed = threshold((value) => wins(value, near), reading.value, extreme);
  if (!wins(needed, snapshot.candidates)) return undefined;
  return {
    to: placeOf(rival),
    cluster: placeOf(changed),
    metric: reading.name,
    value: reading.value,
    needed,
    raw: reading.raw,
    raw_needed: scale ? numberOf(scale, needed) : null,
  };
}

/** The reading of the same number on another cluster: who changes it on one changes it on both. */
function sharedWith({ readings }: Candidate, changed: MetricReading): MetricReading | undefined {
  if (!changed.ok || changed.isOwn === true) return undefined;
  return readings.find(
    (one) =>
      one.ok &&
      one.isOwn !== true &&
      one.name === changed.name &&
      (one.namespaced ?? false) === (changed.namespaced ?? false) &&
      one.provider === changed.provider &&
      one.raw === changed.raw,
  );
}

/** The nearest value to `from` at which it holds; it does at `to`. As exact as a person may want to know it. */
function threshold(holds: (value: number) => boolean, from: number, to: number): number {
  let [without, within] = [from, to];
  for (let step = 0; step < 30; step += 1) {
    const middle = (without + within) / 2;
    if (holds(middle)) within = middle;
    else without = middle;
  }
  return within;
}

/** As if nothing that passes with time, and no switch, held it: what is left is the comparison of clusters. */
function withoutHolds(
  app: Application,
  { calm: _calm, placement, ...snapshot }: Snapshot,
): { readonly app: Application; readonly snapshot: Snapshot } {
  const constraints = { ...app.spec.constraints, migration: true };
  const { failed_moves: _failed, moves: _moves, ...status } = app.status;
  const free = {
    ...app,
    spec: { ...app.spec, constraints },
    status: { ...status, scheduled: null, running_on: null },
  };
  if (!placement?.policy)
    return { app: free, snapshot: { ...snapshot, ...(placement && { placement }) } };
  const { quiet_hours: _quiet, budget: _budget, ...spec } = placement.policy.spec;
  const policy = { ...placement.policy, spec };
  return { app: free, snapshot: { ...snapshot, placement: { ...placement, policy } } };
}

/** What holds it beside the scores, and what would come then. Pure. */
export function hintsOf({ app, snapshot, decision }: Asked): readonly Reason[] {
  const hints: Reason[] = [];
  const { chosen, reason, held_until: heldUntil } = decision;
  if (decision.outcome === "stayed" && heldUntil !== null) {
    const now = Date.parse(heldUntil);
    const then = decide(app, { ...snapshot, now }, 2);
    if (then.chosen?.name !== chosen?.name) {
      const message = `${comesTo(then)} at ${heldUntil}, unless something changes until then`;
      hints.push({ code: "Later", message });
    }
  }
  if (reason.code === "MigrationDisabled") {
    const free = withoutHolds(app, snapshot);
    const then = decide(free.app, free.snapshot, 2);
    if (then.chosen?.name !== chosen?.name) {
      hints.push({ code: "Migration", message: `${comesTo(then)} if it were allowed to migrate` });
    }
  }
  return hints;
}

function comesTo({ chosen }: Decision): string {
  return chosen === null ? "it fits nowhere" : `it moves to ${chosen.name}`;
}

function find(candidates: readonly Candidate[], place: Place | null): Candidate | undefined {
  return candidates.find(({ name }) => name === place?.name);
}

function refOf({ namespace, name }: Candidate) {
  return { api: "kubernetes", kind: "Cluster", namespace, name };
}
