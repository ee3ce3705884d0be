import type { Application } from "@octoplane/kinds/application";
import { conditionOf } from "@octoplane/kinds/condition";
import type { FailedMove } from "@octoplane/kinds/placement-choice";
import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import { limits } from "@octoplane/shared/limits";
import type { Candidate } from "./candidate.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * A move is made before the old place is broken: until the application is healthy on its new cluster it runs on the old one.
 * A move that does not come to that is given up, and the cluster left alone for a while. All pure.
 */

/** A move that is under way: from where it runs to where it belongs. */
export interface UnfinishedMove {
  readonly from: string;
  readonly to: string;
  /** When it counts as failed, in milliseconds since the epoch. */
  readonly failsAt: number;
}

/** The move that the scheduler made last, while it is not finished. One that was asked for by hand is nobody's to give up. */
export function unfinishedMove(app: Application, snapshot: Snapshot): UnfinishedMove | undefined {
  const { running_on: running, scheduled_to: target, moves } = app.status;
  if (!running || target === null || snapshot.calm === undefined) return undefined;
  if (running.name === target.name && running.namespace === target.namespace) return undefined;
  const last = moves?.at(-1);
  if (last?.to !== target.name || last.time !== app.status.scheduled) return undefined;
  const began = Date.parse(last.time);
  const applied = conditionOf(app.status.conditions, "Applied");
  const isRefused =
    applied?.status === "False" && applied.observed_generation === app.metadata.generation;
  const refusedAt = isRefused ? Date.parse(applied.last_transition_time) : Infinity;
  const failsAt = Math.min(
    began + snapshot.calm.migrationTimeoutMs,
    Math.max(began, refusedAt) + limits.migrationRefusedMs,
  );
  return { from: running.name, to: target.name, failsAt };
}

/** Until when a cluster is left alone, because the application did not become healthy there; 0 when it is not. */
export function coolsUntil(
  app: Pick<Application, "metadata" | "status">,
  cluster: string,
  policy: PolicySpec | undefined,
): number {
  const failed = failureOn(app, cluster);
  if (failed === undefined) return 0;
  const firstMs = policy?.cooldown === undefined ? limits.cooldownMs : policy.cooldown * 1_000;
  // A power that overflows is the bound, too.
  const ms = Math.min(limits.cooldownMostMs, firstMs * 2 ** (failed.count - 1));
  return Date.parse(failed.time) + ms;
}

/** When the first of the clusters that are better than where it is, and left alone, is so no more; `Infinity` for none. */
export function warmAgainAt(
  app: Pick<Application, "metadata" | "status">,
  { now }: Pick<Snapshot, "now">,
  seen: {
    /** Best first. */
    readonly ranked: readonly { readonly candidate: Candidate }[];
    readonly here: Candidate | undefined;
    readonly policy: PolicySpec | undefined;
  },
): number {
  const { ranked, here, policy } = seen;
  const index = ranked.findIndex(({ candidate }) => candidate === here);
  const better = index < 0 ? ranked : ranked.slice(0, index);
  const ends = better.map(({ candidate }) => coolsUntil(app, candidate.name, policy));
  return Math.min(Infinity, ...ends.filter((end) => end > now));
}

function failureOn(
  { metadata, status }: Pick<Application, "metadata" | "status">,
  cluster: string,
): FailedMove | undefined {
  return status.failed_moves?.find(
    (one) => one.cluster === cluster && one.generation === metadata.generation,
  );
}

/**
 * What is remembered after a move that failed on `cluster`, or after it was healthy there (`time` left out). Failures of
 * another specification are forgotten, and of many clusters the oldest.
 */
export function failedMovesAfter(
  app: Pick<Application, "metadata" | "status">,
  { cluster, time }: { readonly cluster: string; readonly time?: string },
): readonly FailedMove[] {
  const { generation } = app.metadata;
  const others = (app.status.failed_moves ?? []).filter(
    (one) => one.generation === generation && one.cluster !== cluster,
  );
  if (time === undefined) return others;
  const count = (failureOn(app, cluster)?.count ?? 0) + 1;
  return [...others, { cluster, time, count, generation }].slice(-limits.failedMovesMax);
}
