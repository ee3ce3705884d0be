import { kinds, type Cluster } from "../cluster.ts";
import {
  cloneJson,
  listAt,
  mapAt,
  numberAt,
  textAt,
  textMapAt,
  valueAt,
  type JsonMap,
} from "../json.ts";
import { makeObject, storeState, storeStatus } from "../operations/internal-write.ts";
import { deleteObject, plainDeletion } from "../operations/delete.ts";
import { selectorMatches } from "../selectors.ts";
import { controllerOf, controllerReference, type SimObject } from "../sim-object.ts";
import { controlled, isFinished, isReady, makePod, removePod, templateHash } from "./pods.ts";

const revisionLabel = "controller-revision-hash";

export function reconcileStatefulSet(cluster: Cluster, owner: SimObject): void {
  if (owner.metadata.deletionTimestamp !== undefined) return;
  const wanted = numberAt(owner, "spec", "replicas") ?? 1;
  const first = numberAt(owner, "spec", "ordinals", "start") ?? 0;
  const revision = revisionOf(owner);
  adopt(cluster, owner);
  const pods = new Map(controlled(cluster, owner, "/pods").map((pod) => [ordinalOf(pod), pod]));
  const isParallel = textAt(owner, "spec", "podManagementPolicy") === "Parallel";
  for (let ordinal = first; ordinal < first + wanted; ordinal += 1) {
    const pod = pods.get(ordinal);
    if (pod !== undefined && isFinished(pod)) removePod(cluster, pod);
    if (pod === undefined) makeMember(cluster, owner, { ordinal, revision });
    const isSettled = pod !== undefined && isReady(pod);
    if (!isSettled && !isParallel) break;
  }
  removeSurplus(cluster, owner, { pods, end: first + wanted, isParallel });
  update(cluster, owner, { pods, first, wanted, revision });
  report(cluster, owner, revision);
}

/** Takes over pods that an earlier one of its name has left behind. */
function adopt(cluster: Cluster, owner: SimObject): void {
  for (const pod of cluster.storage.list("/pods")) {
    const { name, namespace, labels = {}, deletionTimestamp } = pod.metadata;
    const isMember = namespace === owner.metadata.namespace && isOrdinal(owner, name);
    if (!isMember || deletionTimestamp !== undefined || controllerOf(pod) !== undefined) continue;
    if (!selectorMatches(valueAt(owner, "spec", "selector"), labels)) continue;
    const ownerReferences = [...(pod.metadata.ownerReferences ?? []), controllerReference(owner)];
    storeState(cluster, kinds.pod, { ...pod, metadata: { ...pod.metadata, ownerReferences } });
  }
}

function isOrdinal(owner: SimObject, name: string): boolean {
  const base = `${owner.metadata.name}-`;
  return name.startsWith(base) && /^\d+$/.test(name.slice(base.length));
}

function ordinalOf(pod: SimObject): number {
  return Number(pod.metadata.name.slice(pod.metadata.name.lastIndexOf("-") + 1));
}

function revisionOf(owner: SimObject): string {
  return `${owner.metadata.name}-${templateHash(valueAt(owner, "spec", "template"))}`;
}

function makeMember(
  cluster: Cluster,
  owner: SimObject,
  member: { readonly ordinal: number; readonly revision: string },
): void {
  const name = `${owner.metadata.name}-${member.ordinal}`;
  const claims = listAt(owner, "spec", "volumeClaimTemplates");
  for (const claim of claims) {
    const metadata = mapAt(claim, "metadata");
    makeObject(cluster, kinds.claim, {
      metadata: {
        name: `${textAt(metadata, "name") ?? ""}-${name}`,
        namespace: owner.metadata.namespace,
        labels: {
          ...mapAt(metadata, "labels"),
          ...mapAt(owner, "spec", "selector", "matchLabels"),
        },
        ...(metadata["annotations"] === undefined ? {} : { annotations: metadata["annotations"] }),
      },
      spec: cloneJson(mapAt(claim, "spec")),
    });
  }
  makePod(cluster, {
    owner,
    name,
    template: valueAt(owner, "spec", "template"),
    labels: {
      [revisionLabel]: member.revision,
      "apps.kubernetes.io/pod-index": String(member.ordinal),
      "statefulset.kubernetes.io/pod-name": name,
    },
    change(spec: JsonMap) {
      spec["hostname"] = name;
      const service = textAt(owner, "spec", "serviceName");
      if (service !== undefined) spec["subdomain"] = service;
      const own = claims.map((claim) => textAt(claim, "metadata", "name") ?? "");
      const others = listAt(spec, "volumes").filter(
        (volume) => !own.includes(textAt(volume, "name") ?? ""),
      );
      const mounted = own.map((claim) => ({
        name: claim,
        persistentVolumeClaim: { claimName: `${claim}-${name}` },
      }));
      if (mounted.length > 0) spec["volumes"] = [...others, ...mounted];
    },
  });
}

interface Members {
  readonly pods: ReadonlyMap<number, SimObject>;
  readonly end: number;
  readonly isParallel: boolean;
}

/** The highest ordinal goes first; in order, the next only when the one before is gone. */
function removeSurplus(cluster: Cluster, owner: SimObject, members: Members): void {
  const surplus = [...members.pods]
    .filter(([ordinal]) => ordinal >= members.end)
    .toSorted(([left], [right]) => right - left);
  for (const [, pod] of surplus) {
    if (pod.metadata.deletionTimestamp === undefined) removePod(cluster, pod);
    const policy = textAt(owner, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled");
    if (policy === "Delete") removeClaims(cluster, pod);
    if (!members.isParallel) return;
  }
}

function removeClaims(cluster: Cluster, pod: SimObject): void {
  for (const volume of listAt(pod, "spec", "volumes")) {
    const name = textAt(volume, "persistentVolumeClaim", "claimName");
    const claim =
      name === undefined
        ? undefined
        : cluster.storage.get("/persistentvolumeclaims", pod.metadata.namespace, name);
    if (claim !== undefined) {
      deleteObject(cluster, kinds.claim, { object: claim, deletion: plainDeletion });
    }
  }
}

/**
 * Replaces one pod of an older revision at a time, from the highest ordinal down to the partition.
 */
function update(
  cluster: Cluster,
  owner: SimObject,
  members: {
    readonly pods: ReadonlyMap<number, SimObject>;
    readonly first: number;
    readonly wanted: number;
    readonly revision: string;
  },
): void {
  if (textAt(owner, "spec", "updateStrategy", "type") === "OnDelete") return;
  const partition = numberAt(owner, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
  for (let ordinal = members.first + members.wanted - 1; ordinal >= members.first; ordinal -= 1) {
    const pod = members.pods.get(ordinal);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const isOld = textMapAt(pod, "metadata", "labels")[revisionLabel] !== members.revision;
    if (isOld && ordinal >= partition) {
      removePod(cluster, pod);
      return;
    }
    if (!isReady(pod)) return;
  }
}

function report(cluster: Cluster, owner: SimObject, revision: string): void {
  const live = cluster.storage.byUid(owner.metadata.uid);
  if (live === undefined) return;
  const pods = controlled(cluster, live, "/pods").filter(
    (pod) => pod.metadata.deletionTimestamp === undefined,
  );
  const wanted = numberAt(live, "spec", "replicas") ?? 1;
  const ready = pods.filter(isReady);
  const updated = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision);
  const old = mapAt(live, "status");
  const isComplete = updated.length === wanted && ready.length === wanted;
  const current = isComplete ? revision : (textAt(old, "currentRevision") ?? revision);
  const ofCurrent = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === current);
  storeStatus(cluster, kinds.statefulSet, {
    object: live,
    status: {
      observedGeneration: live.metadata.generation ?? 1,
      replicas: pods.length,
      ...(ready.length > 0 ? { readyReplicas: ready.length } : {}),
      ...(ofCurrent.length > 0 ? { currentReplicas: ofCurrent.length } : {}),
      ...(updated.length > 0 ? { updatedReplicas: updated.length } : {}),
      availableReplicas: ready.length,
      currentRevision: current,
      updateRevision: revision,
      collisionCount: 0,
    },
  });
}
