import { kinds, type Cluster } from "../cluster.ts";
import { mapAt, numberAt, textAt, valueAt } from "../json.ts";
import { kindKey } from "../kind.ts";
import { storeStatus } from "../operations/internal-write.ts";
import type { SimObject } from "../sim-object.ts";
import { conditionsOf } from "./condition.ts";
import { activePods, isReady, makePod, removePod } from "./pods.ts";
import type { Recheck } from "./reconcile.ts";

/** ReplicaSets, and ReplicationControllers, which differ only in their selector. */
export function reconcileReplicaSet(cluster: Cluster, owner: SimObject, recheck: Recheck): void {
  if (owner.metadata.deletionTimestamp !== undefined) return;
  const wanted = numberAt(owner, "spec", "replicas") ?? 1;
  const pods = activePods(cluster, owner);
  for (let count = pods.length; count < wanted; count += 1) {
    makePod(cluster, { owner, template: valueAt(owner, "spec", "template") });
  }
  if (pods.length > wanted) {
    const order = pods.toSorted(byExpendability);
    for (const pod of order.slice(0, pods.length - wanted)) removePod(cluster, pod);
  }
  report(cluster, owner, recheck);
}

/** Pods that are not ready go first, then the younger ones. */
function byExpendability(left: SimObject, right: SimObject): number {
  const readiness = Number(isReady(left)) - Number(isReady(right));
  if (readiness !== 0) return readiness;
  return right.metadata.creationTimestamp.localeCompare(left.metadata.creationTimestamp);
}

function report(cluster: Cluster, owner: SimObject, recheck: Recheck): void {
  const kind = owner.kind === "ReplicaSet" ? kinds.replicaSet : kinds.replicationController;
  const live = cluster.storage.get(kindKey(kind), owner.metadata.namespace, owner.metadata.name);
  if (live === undefined) return;
  const pods = activePods(cluster, live);
  const ready = pods.filter(isReady);
  const waits = availabilityWaits(cluster, live, ready);
  const available = ready.length - waits.length;
  if (waits.length > 0) recheck(Math.min(...waits));
  const conditions = conditionsOf(live);
  storeStatus(cluster, kind, {
    object: live,
    status: {
      replicas: pods.length,
      fullyLabeledReplicas: pods.length,
      ...(ready.length > 0 ? { readyReplicas: ready.length } : {}),
      ...(available > 0 ? { availableReplicas: available } : {}),
      observedGeneration: live.metadata.generation ?? 1,
      ...(conditions.length > 0 ? { conditions } : {}),
    },
  });
}

/** For each ready pod that is not yet ready for `minReadySeconds`: the milliseconds left. */
function availabilityWaits(
  cluster: Cluster,
  owner: SimObject,
  ready: readonly SimObject[],
): readonly number[] {
  const leastMs = (numberAt(owner, "spec", "minReadySeconds") ?? 0) * 1_000;
  if (leastMs === 0) return [];
  return ready
    .map((pod) => {
      const condition = conditionsOf(pod).find((entry) => entry["type"] === "Ready");
      const since = Date.parse(textAt(condition, "lastTransitionTime") ?? "");
      return since + leastMs - cluster.clock.now();
    })
    .filter((waitMs) => waitMs > 0);
}

/** The counts of a ReplicaSet that Deployments add up. */
export function countsOf(replicaSet: SimObject): {
  readonly wanted: number;
  readonly replicas: number;
  readonly ready: number;
  readonly available: number;
} {
  const status = mapAt(replicaSet, "status");
  return {
    wanted: numberAt(replicaSet, "spec", "replicas") ?? 0,
    replicas: numberAt(status, "replicas") ?? 0,
    ready: numberAt(status, "readyReplicas") ?? 0,
    available: numberAt(status, "availableReplicas") ?? 0,
  };
}
