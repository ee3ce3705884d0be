import type { Cluster } from "@octoplane/kinds/cluster";
import { conditionOf } from "@octoplane/kinds/condition";

/** Why a cluster does not answer, if that is known of the credentials that it has now. */
export function outageOf(cluster: Cluster | undefined): string | undefined {
  const reachable = cluster && conditionOf(cluster.status.conditions, "Reachable");
  if (reachable?.status !== "False") return undefined;
  return reachable.observed_generation === cluster?.metadata.generation
    ? reachable.message || reachable.reason
    : undefined;
}
