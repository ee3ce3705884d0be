import { ApplicationKind } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster, type ClusterStatus } from "@octoplane/kinds/cluster";
import { conditionOf, dropCondition, setCondition } from "@octoplane/kinds/condition";
import type { Result } from "@octoplane/reconcile/controller";
import { parseRef, refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { clustersUsedBy, type ClusterUsers } from "./cluster-users.ts";

export interface RetirementWorld {
  readonly resources: Resources;
  readonly users: ClusterUsers;
  readonly retentionMs: number;
}

/**
 * Deletes a cluster that was made for an application when nobody has used it for a while. Its conditions say since when, so a
 * restart begins no clock again. Before the end nothing comes there any more (`Retiring`) for a moment in which decisions that were
 * under way are written; then the store itself is asked once more.
 */
export async function retireCluster(world: RetirementWorld, key: string): Promise<Result> {
  const { resources, users, retentionMs } = world;
  const cluster = resources.feed(ClusterKind).objects.get(key);
  if (!cluster?.spec.auto_generated || cluster.metadata.deleted !== null) return {};
  const now = resources.parts.clock.now();
  // Until it is known for whom it was made.
  const known = Date.parse(cluster.metadata.created) + limits.newClusterBindMs;
  if (known > now) return { requeueAfterMs: known - now };
  const write = async (change: (status: ClusterStatus) => ClusterStatus | undefined) =>
    await resources.of(ClusterKind).updateStatus(
      parseRef(key),
      cluster.metadata.uid,
      (current) => {
        const status = change(current.status);
        return status && { status };
      },
      cluster,
    );
  if (users.has(key)) {
    await write(inUse);
    return {};
  }
  const { generation, uid } = cluster.metadata;
  const at = { now: isoTime(now), generation };
  const unused = sinceOf(cluster, "Unused");
  if (unused === undefined) {
    await write((status) => marked(status, "Unused", at));
    return { requeueAfterMs: retentionMs };
  }
  if (unused + retentionMs > now) return { requeueAfterMs: unused + retentionMs - now };
  const retiring = sinceOf(cluster, "Retiring");
  if (retiring === undefined) {
    await write((status) => marked(status, "Retiring", at));
    return { requeueAfterMs: limits.clusterRetiringMs };
  }
  const end = retiring + limits.clusterRetiringMs;
  if (end > now) return { requeueAfterMs: end - now };
  if (await isUsed(resources, key)) await write(inUse);
  else await resources.of(ClusterKind).remove(parseRef(key), { uid });
  return {};
}

async function isUsed(resources: Resources, key: string): Promise<boolean> {
  const ref = parseRef(key);
  const { items } = await resources.of(ApplicationKind).list({ namespace: ref.namespace ?? "" });
  return items.some((app) => clustersUsedBy(app).has(refText(ref)));
}

function sinceOf({ status }: Cluster, type: string): number | undefined {
  const condition = conditionOf(status.conditions, type);
  return condition?.status === "True" ? Date.parse(condition.last_transition_time) : undefined;
}

const messages = {
  Unused: "no application needs it; it was made for one, and is deleted when none comes",
  Retiring: "it is deleted in a moment, and takes no applications",
} as const;

function marked(
  status: ClusterStatus,
  type: keyof typeof messages,
  { now, generation }: { readonly now: string; readonly generation: number },
): ClusterStatus | undefined {
  const finding = {
    type,
    status: "True",
    reason: "NoApplication",
    message: messages[type],
    observed_generation: generation,
  } as const;
  const conditions = setCondition(status.conditions, finding, now);
  return conditions === status.conditions ? undefined : { ...status, conditions: [...conditions] };
}

function inUse(status: ClusterStatus): ClusterStatus | undefined {
  const conditions = dropCondition(dropCondition(status.conditions, "Unused"), "Retiring");
  return conditions === status.conditions ? undefined : { ...status, conditions: [...conditions] };
}
