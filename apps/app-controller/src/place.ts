import type { Application, Copy } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { sameRef } from "@octoplane/resources/record";

/** One cluster that an application belongs on. */
export interface Place {
  readonly cluster: ResourceRef;
  /** Of this cluster: another one may come to bear its name. */
  readonly uid: string;
  /** The copy that stands there, as far as there is one. */
  readonly copy: Copy | undefined;
  /** Its number among all places, by which the shares of replicas are told. */
  readonly index: number;
}

/**
 * Where an application belongs, as the scheduler wrote it down. A place whose cluster has gone is not among them; the scheduler
 * will choose another. Pure.
 */
export function placesOf(
  { status }: Pick<Application, "status">,
  copies: readonly Copy[],
  uidOf: (cluster: ResourceRef) => string | undefined,
): readonly Place[] {
  return boundClusters(status).flatMap((cluster, index) => {
    const uid = uidOf(cluster);
    if (uid === undefined) return [];
    return [{ cluster, uid, index, copy: copies.find((copy) => sameRef(copy.cluster, cluster)) }];
  });
}
