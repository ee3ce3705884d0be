import type { Copy } from "@octoplane/kinds/application";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { AppWorld } from "./app-world.ts";
import { removeObjects, type Removal } from "./remove-objects.ts";
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
  }: { readonly copies: readonly Copy[]; readonly stays?: (copy: Copy) => boolean },
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
    const removal = await removeCopy(world, owner, copy, signal);
    if (removal.remaining.length === 0) continue;
    isLeaving ||= removal.troubles.length === 0;
    left.push({ ...copy, objects: [...removal.remaining] });
    troubles.push(...removal.troubles);
  }
  return { copies: left, troubles, isLeaving };
}

/** Removes what stands of an application on one cluster, as far as the cluster can be reached. */
async function removeCopy(
  world: AppWorld,
  owner: string,
  copy: Copy,
  signal: AbortSignal,
): Promise<Removal> {
  // The cluster was taken away for good, or another one bears its name: there is nothing of ours to reach.
  if (world.clusterUid(copy.cluster) !== copy.cluster_uid) return { remaining: [], troubles: [] };
  try {
    const outage = outageOf(world, copy.cluster);
    if (outage) return { remaining: copy.objects, troubles: [outage] };
    return await removeObjects({
      view: await world.view(copy.cluster),
      items: copy.objects,
      owner,
      isLiving: (uid) => world.isLiving(uid),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    return {
      remaining: copy.objects,
      troubles: [troubleOf(error, `cluster ${copy.cluster.name}`)],
    };
  }
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
