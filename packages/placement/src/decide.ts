import type { Application } from "@octoplane/kinds/application";
import type { Decision, Place } from "@octoplane/kinds/decision";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Candidate } from "./candidate.ts";
import { choose, untilMoved } from "./choose.ts";
import { prepareComparison } from "./comparison.ts";
import { decideCopies } from "./decide-copies.ts";
import { describeCandidates, placeOf } from "./describe-candidates.ts";
import { isRefusedByMetrics } from "./filter.ts";
import { withNewCluster, withoutNewCluster } from "./new-cluster.ts";
import { preferredScore } from "./preferences.ts";
import { rank } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Where an application belongs, from nothing but the application and a snapshot: filter, score, choose, explain.
 * No clock, no randomness, no I/O. The same inputs give the same decision, whoever asks and whenever.
 *
 * Ties go to the cluster that the application is on, then to the first by name. Clusters whose metrics could be read
 * come before those without (contract section 4.5).
 *
 * `detail` bounds how many candidates are told one by one; the chosen and the current one always are.
 */
export function decide(app: Application, snapshot: Snapshot, detail: number): Decision {
  const copies = app.spec.placement?.copies;
  if (copies !== undefined) {
    return withoutNewCluster(decideCopies(app, snapshot, { copies, detail }), app);
  }
  const by = prepareComparison(app, snapshot);
  const { prepared, preferences, weighing } = by;
  const { policy, scales } = weighing;
  const currentIndex = indexOf(app.status.scheduled_to, snapshot.candidates);
  const ranking = rank(snapshot, {
    ...by,
    currentIndex,
    homeIndex: indexOf(app.status.running_on ?? null, snapshot.candidates),
    // Those that are left alone for a failure must not hide all the others.
    most: Math.max(2, detail) + (app.status.failed_moves?.length ?? 0),
  });
  const current = currentIndex < 0 ? undefined : snapshot.candidates[currentIndex];
  const choice = untilMoved(
    choose({
      app,
      snapshot,
      current,
      ranking,
      policy,
      isRefusedByMetrics: current !== undefined && isRefusedByMetrics(prepared, current),
    }),
    { app, snapshot },
  );
  const chosen = choice.chosen;
  const rival = ranking.best.find(({ candidate }) => candidate !== chosen);
  const stickiness = chosen === current ? weighing.stickiness : 0;
  const chosenScore = chosen && preferredScore(chosen, stickiness, preferences, scales);
  const decision: Decision = {
    sequence: app.status.decisions + 1,
    time: new Date(snapshot.now).toISOString(),
    generation: app.metadata.generation,
    outcome: choice.outcome,
    reason: choice.reason,
    chosen: chosen ? placeOf(chosen) : null,
    previous: current ? placeOf(current) : previousPlace(app),
    runner_up: rival ? placeOf(rival.candidate) : null,
    margin: rival && chosenScore !== undefined ? chosenScore - rival.score : null,
    held_until: choice.heldUntil === undefined ? null : new Date(choice.heldUntil).toISOString(),
    ...(weighing.applied === undefined ? {} : { policy: weighing.applied }),
    candidates: describeCandidates({
      app,
      snapshot,
      ...by,
      here: new Set(current ? [current] : []),
      chosen: chosen ? [chosen] : [],
      detail,
      best: ranking.best,
    }),
    candidates_total: snapshot.candidates.length,
    candidates_fitting: ranking.fitting,
  };
  if (snapshot.newCluster === undefined) return withoutNewCluster(decision, app);
  return withNewCluster(decision, { app, snapshot, newCluster: snapshot.newCluster, by, detail });
}

function indexOf(bound: ResourceRef | null, candidates: readonly Candidate[]): number {
  if (bound === null) return -1;
  return candidates.findIndex(
    (candidate) => candidate.name === bound.name && candidate.namespace === bound.namespace,
  );
}

function previousPlace(app: Application): Place | null {
  const bound = app.status.scheduled_to;
  return bound === null ? null : { namespace: bound.namespace ?? "", name: bound.name };
}
