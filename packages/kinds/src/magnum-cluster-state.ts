import { conditionOf, type Condition } from "./condition.ts";
import type { DerivedState } from "./kind.ts";
import type { ResourceRef } from "./metadata.ts";

/**
 * `status.state` and `status.reason` of a Magnum cluster, from its conditions. The one place where they are made.
 *
 * Conditions and their owners:
 * - `Scheduled` (scheduler, or a binding by request): False with the reason why no project fits.
 * - `Provisioned` (who makes the cluster): Unknown while that is under way, True when it stands as it is specified, False
 *   when it failed.
 */
export function magnumClusterState(cluster: {
  readonly metadata: { readonly deleted: string | null };
  readonly status: {
    readonly conditions: readonly Condition[];
    /** The Cluster that it has become. */
    readonly cluster: ResourceRef | null;
  };
}): DerivedState {
  const { conditions } = cluster.status;
  const scheduled = conditionOf(conditions, "Scheduled");
  const provisioned = conditionOf(conditions, "Provisioned");
  if (cluster.metadata.deleted !== null) {
    return { state: "DELETING", reason: provisioned?.status === "False" ? why(provisioned) : null };
  }
  if (scheduled?.status === "False") return { state: "FAILED", reason: why(scheduled) };
  if (provisioned === undefined) return { state: "PENDING", reason: null };
  if (provisioned.status === "False") return { state: "FAILED", reason: why(provisioned) };
  if (provisioned.status === "True") return { state: "RUNNING", reason: null };
  return { state: cluster.status.cluster === null ? "CREATING" : "RECONCILING", reason: null };
}

function why({ reason, message }: Condition): { readonly code: string; readonly message: string } {
  return { code: reason, message };
}
