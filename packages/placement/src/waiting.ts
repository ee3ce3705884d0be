import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { conditionOf } from "@octoplane/kinds/condition";

/** True for an application that would take a place more than it has: what makes room concerns it. Pure. */
export function isWaiting({ spec, status }: Application): boolean {
  const count = spec.placement?.copies?.count ?? 1;
  if (count === "all" || boundClusters(status).length < count) return true;
  return conditionOf(status.conditions, "Scheduled")?.status === "False";
}
