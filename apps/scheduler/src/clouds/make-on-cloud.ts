import { CloudKind, GlobalCloudKind } from "@octoplane/kinds/cloud";
import type { Cluster, ClusterStatus } from "@octoplane/kinds/cluster";
import { conditionOf, setCondition, type Condition } from "@octoplane/kinds/condition";
import type { Decision } from "@octoplane/kinds/decision";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { chosenOf, decideMaker } from "@octoplane/placement/decide-maker";
import type { Result } from "@octoplane/reconcile/controller";
import { boundToCloud } from "@octoplane/resources/binding";
import { decisionWrite } from "@octoplane/resources/decision-log";
import type { KindFeed } from "@octoplane/resources/kind-feed";
import { parseRef } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { MakerBook } from "./maker-book.ts";

export interface CloudWorld {
  readonly resources: Resources;
  readonly clusters: Pick<KindFeed<Cluster>, "objects">;
  readonly makers: MakerBook;
}

/** How soon to look again while the first values of a metric are being fetched. */
export const metricsPendingMs = 100;

/** Binds a cluster that is to be made to the best cloud, and says why when there is none (contract section 4.9). */
export async function reconcileClusterCloud(world: CloudWorld, key: string): Promise<Result> {
  const { resources, clusters, makers } = world;
  const cluster = clusters.objects.get(key);
  if (!cluster || !isToBeMade(cluster)) return {};
  const now = resources.parts.clock.now();
  // Whoever makes one for an application has chosen its cloud already, and says so in a moment.
  const boundBy = Date.parse(cluster.metadata.created) + limits.newClusterBindMs;
  if (cluster.spec.auto_generated && cluster.status.scheduled_to === null && boundBy > now) {
    return { requeueAfterMs: boundBy - now };
  }
  if (!(await needsCloud(world, cluster))) return {};
  const candidates = makers.clouds(cluster.metadata.namespace ?? "");
  if (!candidates) return { requeueAfterMs: metricsPendingMs };
  const { labels, metrics } = cluster.spec.constraints.cloud;
  const { generation, uid } = cluster.metadata;
  const decisions = cluster.status.decisions ?? 0;
  const request = { decisions, generation, labels, metrics, noun: "cloud" };
  const decision = decideMaker(request, { now, candidates }, limits.decisionCandidatesMax);
  if (statusAfter(cluster, decision) === undefined) return {};
  const bound = cluster.status.scheduled_to;
  await resources.of(ClusterKind).updateStatus(
    parseRef(key),
    uid,
    (current) => {
      const isSame =
        current.metadata.generation === generation &&
        isToBeMade(current) &&
        current.status.scheduled_to?.name === bound?.name &&
        current.status.scheduled_to?.namespace === bound?.namespace &&
        (current.status.decisions ?? 0) === decisions;
      if (!isSame) throw failure("Conflict", "the cluster changed while it was decided on");
      const status = statusAfter(current, decision);
      return status && { status, also: [decisionWrite(uid, decision)] };
    },
    cluster,
  );
  return {};
}

/** A template, no kubeconfig, and nobody has begun to make it. Pure. */
export function isToBeMade({ metadata, spec, status }: Cluster): boolean {
  return (
    metadata.deleted === null &&
    Object.keys(spec.kubeconfig).length === 0 &&
    status.running_on === null &&
    status.cluster_id === null &&
    conditionOf(status.conditions, "Provisioned") === undefined
  );
}

/** Not bound, or to a cloud that was removed. The feed may be behind the binding: the store has the last word. */
async function needsCloud({ resources, makers }: CloudWorld, cluster: Cluster): Promise<boolean> {
  const bound = cluster.status.scheduled_to;
  if (bound === null) return true;
  if (makers.cloudOf(bound)) return false;
  const { namespace, name } = bound;
  const found =
    namespace === null
      ? await resources.of(GlobalCloudKind).get({ name })
      : await resources.of(CloudKind).get({ namespace, name });
  return found === undefined;
}

/** The status that a decision comes to; `undefined` when it says nothing new. Pure. */
function statusAfter(cluster: Cluster, decision: Decision): ClusterStatus | undefined {
  const chosen = chosenOf(decision);
  const { status } = cluster;
  if (chosen) {
    const { kind, namespace, name } = chosen;
    const place = namespace === "" ? null : namespace;
    const cloud: ResourceRef = { api: "infrastructure", kind, namespace: place, name };
    const why = { reason: "Placed", message: `to be made on ${name}` };
    const next = boundToCloud(cluster, cloud, decision.time, why);
    return { ...next, decisions: decision.sequence };
  }
  const conditions = unplaced(status.conditions, decision);
  if (conditions === status.conditions) return undefined;
  return { ...status, conditions: [...conditions], decisions: decision.sequence };
}

/** The condition of what nothing fits for; the very same list when it says so already. Pure. */
export function unplaced(
  conditions: readonly Condition[],
  { reason, generation, time }: Decision,
): readonly Condition[] {
  const { code, message } = reason;
  const finding = {
    type: "Scheduled",
    status: "False",
    reason: code,
    message,
    observed_generation: generation,
  } as const;
  return setCondition(conditions, finding, time);
}
