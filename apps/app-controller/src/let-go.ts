import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { conditionOf, dropCondition, setCondition } from "@octoplane/kinds/condition";
import type { Result } from "@octoplane/reconcile/controller";
import { sameRef } from "@octoplane/resources/record";
import { withCopies } from "@octoplane/resources/shutdown";
import { isoTime } from "@octoplane/shared/clock";
import type { AppWorld } from "./app-world.ts";
import { shutDown } from "./hooks/shut-down.ts";
import { afterRemoval, removeCopies, type Remains } from "./remove-copy.ts";
import { StatusWriter } from "./status-writer.ts";
import { appliedFinding, podTotals } from "./summary.ts";

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
  const status = new StatusWriter(world, key, app);
  const kept = there.filter((copy) => !world.isTakenAway(copy.cluster));
  const leaving = there.filter((copy) => !kept.includes(copy));
  const asked = await shutDown(world, { app, copies: leaving, status, signal });
  const stays = (copy: Copy): boolean => !asked.mayGo(copy);
  const record = async (copy: Copy): Promise<void> => await status.writeCopy(copy);
  const going = { copies: asked.copies, stays, app, record };
  const rest = await removeCopies(world, app.metadata.uid, going, signal);
  const remains = { ...rest, copies: [...kept, ...rest.copies] };
  const now = isoTime(world.clock.now());
  await status.write((current) => withCopies(app, leftWith(current, app, remains, now), now));
  return afterRemoval(rest, asked.waitMs);
}

function leftWith(
  status: ApplicationStatus,
  app: Application,
  { copies, troubles }: Remains,
  now: string,
): ApplicationStatus {
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
    container_health: podTotals([]),
    services: {},
    conditions: [...(isDone ? conditions : dropCondition(conditions, "Healthy"))],
  };
}
