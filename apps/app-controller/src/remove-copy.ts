import type { Application, Copy } from "@octoplane/kinds/application";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Result } from "@octoplane/reconcile/controller";
import { limits } from "@octoplane/shared/limits";
import type { AppWorld } from "./app-world.ts";
import { removeWithHooks, type CopyRemains } from "./remove-with-hooks.ts";
import { troubleOf, type Trouble } from "./trouble.ts";

/** What is left of several copies. */
export interface Remains {
  readonly copies: readonly Copy[];
  readonly troubles: readonly Trouble[];
  /** True while something is on its way out, and nothing keeps it from going. */
  readonly isLeaving: boolean;
}

/**
 * Removes the copies of an application that do not stay, one after the other. A cluster that does not answer keeps its copy in
 * the books until it does.
 */
export async function removeCopies(
  world: AppWorld,
  owner: string,
  {
    copies,
    stays = () => false,
    app,
    record,
  }: {
    readonly copies: readonly Copy[];
    readonly stays?: (copy: Copy) => boolean;
    /** Whose copies they are, while that is known: its hooks run, and its definitions go if they are meant to. */
    readonly app?: Application;
    /** Writes down how far a copy has come. */
    readonly record?: (copy: Copy) => Promise<void>;
  },
  signal: AbortSignal,
): Promise<Remains> {
  const left: Copy[] = [];
  const troubles: Trouble[] = [];
  let isLeaving = false;
  for (const copy of copies) {
    if (stays(copy)) {
      left.push(copy);
      continue;
    }
    const removal = await removeCopy(world, { owner, copy, app, record }, signal);
    if (removal.copy === undefined) continue;
    isLeaving ||= removal.troubles.length === 0;
    left.push(removal.copy);
    troubles.push(...removal.troubles);
  }
  return { copies: left, troubles, isLeaving };
}

/** When to look again at copies that go; `waitMs` is how long one that was asked to get ready has left. */
export function afterRemoval(
  { troubles, isLeaving }: Pick<Remains, "troubles" | "isLeaving">,
  waitMs: number | undefined,
): Result {
  if (troubles.length > 0) {
    const notBeforeMs = Math.max(...troubles.map(({ retryAfterMs }) => retryAfterMs ?? 0));
    return { failed: true, notBeforeMs, mostMs: limits.retryMostMs };
  }
  if (isLeaving) return { requeueAfterMs: limits.removalCheckMs };
  return waitMs === undefined ? {} : { requeueAfterMs: waitMs };
}

/** Removes what stands of an application on one cluster, as far as the cluster can be reached. */
async function removeCopy(
  world: AppWorld,
  work: {
    readonly owner: string;
    readonly copy: Copy;
    readonly app: Application | undefined;
    readonly record: ((copy: Copy) => Promise<void>) | undefined;
  },
  signal: AbortSignal,
): Promise<CopyRemains> {
  const { owner, copy, app, record } = work;
  // The cluster was taken away for good, or another one bears its name: there is nothing of ours to reach.
  if (world.clusterUid(copy.cluster) !== copy.cluster_uid) return { copy: undefined, troubles: [] };
  try {
    const outage = outageOf(world, copy.cluster);
    if (outage) return { copy, troubles: [outage] };
    const view = await world.view(copy.cluster);
    const { cluster } = copy;
    const place = {
      view,
      owner,
      isLiving: (uid: string) => world.isLiving(uid),
      othersIn: (namespace: string) => world.othersIn(cluster, namespace, owner),
      definitions: isDeleted(app) && app?.spec.delivery?.delete_definitions === true,
      signal,
    };
    const labels = world.clusterLabels(cluster);
    return await removeWithHooks(place, { copy, app, labels, record });
  } catch (error) {
    if (signal.aborted) throw error;
    return { copy, troubles: [troubleOf(error, `cluster ${copy.cluster.name}`)] };
  }
}

/** True when it is deleted, and not just moved or stopped. */
function isDeleted(app: Application | undefined): boolean {
  return app !== undefined && app.metadata.deleted !== null;
}

/** The trouble with a cluster that is known not to answer. */
export function outageOf(world: AppWorld, cluster: ResourceRef): Trouble | undefined {
  const message = world.outage(cluster);
  if (message === undefined) return undefined;
  return {
    code: "CLUSTER_NOT_REACHABLE",
    message: `cluster ${cluster.name}: ${message}`,
    canPass: true,
  };
}
