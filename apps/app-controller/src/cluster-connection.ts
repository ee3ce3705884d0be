import { ClusterKind } from "@octoplane/kinds/cluster";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Kube } from "@octoplane/kube/kube";
import type { KubePool } from "@octoplane/kube/kube-pool";
import { parseRef, refOf, refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";

/** The connection of this process to a cluster, made when it is first asked for, and anew for another version. */
export async function connectTo(
  ref: ResourceRef,
  { resources, kubes }: { readonly resources: Resources; readonly kubes: KubePool },
): Promise<Kube> {
  const key = refKey(ref);
  return await kubes.get(key, connectionVersion(ref, resources), async () => {
    const { spec } = await resources.of(ClusterKind).reveal(parseRef(key));
    return spec.kubeconfig;
  });
}

/** Another one for another cluster of the same name, and for other credentials. */
export function connectionVersion(ref: ResourceRef, resources: Resources): string {
  const cluster = resources.feed(ClusterKind).objects.get(refKey(ref));
  return `${cluster?.metadata.uid}/${cluster?.metadata.generation}`;
}

/** What a reference to a resource is found by in a feed and in the queue of a controller. */
export function refKey(ref: Pick<ResourceRef, "namespace" | "name">): string {
  return refText(refOf({ metadata: ref }));
}
