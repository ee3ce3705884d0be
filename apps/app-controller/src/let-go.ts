import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { conditionOf, dropCondition, setCondition } from "@octoplane/kinds/condition";
import type { Result } from "@octoplane/reconcile/controller";
import { sameRef } from "@octoplane/resources/record";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { AppWorld } from "./app-world.ts";
import { removeCopies } from "./remove-copy.ts";
import { StatusWriter } from "./status-writer.ts";
import { appliedFinding } from "./summary.ts";
import type { Trouble } from "./trouble.ts";

/**
 * An application that belongs nowhere, because its last cluster is taken away: what stands of it there goes, since the cluster
 * waits for that. A copy on a cluster that stays goes on serving until the application is placed again.
 */
export async function letGo(
  world: AppWorld,
  key: string,
  app: Application,
  signal: AbortSignal,
): Promise<Result> {
  const there = app.status.copies.filter(
    (copy) => world.clusterUid(copy.cluster) === copy.cluster_uid,
  );
  const going = { copies: there, stays: (copy: Copy) => !world.isTakenAway(copy.cluster), app };
  const { copies, troubles, isLeaving } = await removeCopies(
    world,
    app.metadata.uid,
    going,
    signal,
  );
  const now = isoTime(world.clock.now());
  await new StatusWriter(world, key, app).write((status) =>
    leftWith(status, app, { copies, troubles, now }),
  );
  if (troubles.length > 0) {
    const notBeforeMs = Math.max(...troubles.map(({ retryAfterMs }) => retryAfterMs ?? 0));
    return { failed: true, notBeforeMs, mostMs: limits.retryMostMs };
  }
  return isLeaving ? { requeueAfterMs: limits.removalCheckMs } : {};
}

function leftWith(
  status: ApplicationStatus,
  app: Application,
  found: {
    readonly copies: readonly Copy[];
    readonly troubles: readonly Trouble[];
    readonly now: string;
  },
): ApplicationStatus {
  const { copies, troubles, now } = found;
  const { running_on: running } = status;
  const observed_generation = app.metadata.generation;
  const applied = { ...appliedFinding({ isComplete: false, troubles }), observed_generation };
  const conditions = setCondition(status.conditions, applied, now);
  if (copies.length > 0) {
    const isThere = copies.some(({ cluster }) => running !== null && sameRef(cluster, running));
    const known = { ...status, copies: [...copies], conditions: [...conditions] };
    return isThere ? known : { ...known, running_on: null };
  }
  // Work that is done stays done: on another cluster it would be done again.
  const isDone = conditionOf(conditions, "Healthy")?.reason === "Completed";
  return {
    ...status,
    copies: [],
    running_on: null,
    container_health: { desired_pods: 0, running_pods: 0, completed_pods: 0, failed_pods: 0 },
    services: {},
    conditions: [...(isDone ? conditions : dropCondition(conditions, "Healthy"))],
  };
}
