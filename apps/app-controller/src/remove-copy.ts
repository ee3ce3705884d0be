import type { Copy } from "@octoplane/kinds/application";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { AppWorld } from "./app-world.ts";
import { removeObjects, type Removal } from "./remove-objects.ts";
import { troubleOf, type Trouble } from "./trouble.ts";

/** Removes what stands of an application on one cluster, as far as the cluster can be reached. */
export async function removeCopy(
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
