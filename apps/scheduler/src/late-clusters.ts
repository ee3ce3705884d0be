import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import type { Cluster } from "@octoplane/kinds/cluster";
import { refText } from "@octoplane/resources/keys";
import type { Repository } from "@octoplane/resources/repository";
import type { CandidateBook } from "./candidate-book.ts";

/**
 * True when an application belongs on a cluster that is stored and not yet known here: applications and clusters are heard of by
 * two feeds, and neither waits for the other. To decide then would be to take the cluster for gone, and to move what runs there.
 */
export async function isAheadOfClusters(
  {
    clusters,
    candidates,
  }: {
    readonly clusters: Pick<Repository<Cluster>, "get">;
    readonly candidates: Pick<CandidateBook, "get">;
  },
  { metadata, status }: Pick<Application, "metadata" | "status">,
): Promise<boolean> {
  const namespace = metadata.namespace ?? "";
  for (const ref of boundClusters(status)) {
    if (ref.namespace !== namespace) continue;
    const place = { namespace, name: ref.name };
    if (candidates.get(refText(place)) !== undefined) continue;
    if ((await clusters.get(place)) !== undefined) return true;
  }
  return false;
}
