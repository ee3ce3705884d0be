import { kinds, type Cluster } from "../cluster.ts";
import { quantityNumber } from "../defaults/quantity.ts";
import { claimProtection, volumeProtection } from "../defaults/volume-defaults.ts";
import { listAt, mapAt, textAt, textsAt, valueAt, type JsonMap } from "../json.ts";
import { kindKey, type SimKind } from "../kind.ts";
import { makeObject, storeState, storeStatus } from "../operations/internal-write.ts";
import { deleteObject, plainDeletion } from "../operations/delete.ts";
import type { SimObject } from "../sim-object.ts";
import { isFinished } from "./pods.ts";
import type { Recheck } from "./reconcile.ts";

/** Storage classes whose name says so provision nothing. */
const missingClass = "does-not-exist";

/** Binds a claim, after the delay, to a fitting volume or to one made for it. */
export function reconcileClaim(cluster: Cluster, claim: SimObject, recheck: Recheck): void {
  if (claim.metadata.deletionTimestamp !== undefined) {
    release(cluster, claim);
    return;
  }
  if (textAt(claim, "status", "phase") === "Bound") return;
  const now = cluster.clock.monotonic();
  const started = cluster.podStarts.get(claim.metadata.uid) ?? now;
  cluster.podStarts.set(claim.metadata.uid, started);
  const leftMs = started + cluster.settings.readyDelayMs - now;
  if (leftMs > 0) {
    recheck(leftMs);
    return;
  }
  const volume = freeVolume(cluster, claim) ?? provision(cluster, claim);
  if (volume !== undefined) bind(cluster, claim, volume);
}

function sizeOf(object: SimObject, ...path: readonly string[]): number {
  return quantityNumber(textAt(object, "spec", ...path, "storage") ?? "0") ?? 0;
}

function freeVolume(cluster: Cluster, claim: SimObject): SimObject | undefined {
  const wanted = textAt(claim, "spec", "volumeName");
  const storageClass = textAt(claim, "spec", "storageClassName") ?? "";
  const modes = textsAt(claim, "spec", "accessModes");
  const size = sizeOf(claim, "resources", "requests");
  return cluster.storage.list("/persistentvolumes").find((volume) => {
    const reference = mapAt(volume, "spec", "claimRef");
    const isReserved =
      reference["name"] === claim.metadata.name &&
      reference["namespace"] === claim.metadata.namespace;
    if (Object.keys(reference).length > 0 && !isReserved) return false;
    if (wanted !== undefined && wanted !== "") return volume.metadata.name === wanted;
    return (
      (textAt(volume, "spec", "storageClassName") ?? "") === storageClass &&
      modes.every((mode) => textsAt(volume, "spec", "accessModes").includes(mode)) &&
      sizeOf(volume, "capacity") >= size
    );
  });
}

function provision(cluster: Cluster, claim: SimObject): SimObject | undefined {
  const storageClass = textAt(claim, "spec", "storageClassName") ?? "";
  const isNamed = (textAt(claim, "spec", "volumeName") ?? "") !== "";
  // The empty class asks for a volume that somebody made by hand.
  if (isNamed || storageClass === "" || storageClass.includes(missingClass)) return undefined;
  const name = `pvc-${claim.metadata.uid}`;
  return makeObject(cluster, kinds.volume, {
    metadata: {
      name,
      annotations: { "pv.kubernetes.io/provisioned-by": "kube-sim.octoplane.dev" },
    },
    spec: {
      capacity: { storage: valueAt(claim, "spec", "resources", "requests", "storage") },
      accessModes: textsAt(claim, "spec", "accessModes"),
      storageClassName: storageClass,
      persistentVolumeReclaimPolicy: "Delete",
      hostPath: { path: `/var/lib/kube-sim/${name}` },
    },
  });
}

function bind(cluster: Cluster, claim: SimObject, volume: SimObject): void {
  const { name, namespace, uid } = claim.metadata;
  const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid };
  storeState(cluster, kinds.volume, {
    ...volume,
    spec: { ...mapAt(volume, "spec"), claimRef },
    status: { phase: "Bound" },
  });
  const annotations = {
    ...claim.metadata.annotations,
    "pv.kubernetes.io/bind-completed": "yes",
    "pv.kubernetes.io/bound-by-controller": "yes",
  };
  const status: JsonMap = {
    phase: "Bound",
    accessModes: textsAt(volume, "spec", "accessModes"),
    capacity: mapAt(volume, "spec", "capacity"),
  };
  storeState(cluster, kinds.claim, {
    ...claim,
    metadata: { ...claim.metadata, annotations },
    spec: { ...mapAt(claim, "spec"), volumeName: volume.metadata.name },
    status,
  });
}

/**
 * A volume is available until it is bound; when its claim is gone it is deleted or released by its
 * policy.
 */
export function reconcileVolume(cluster: Cluster, volume: SimObject): void {
  const uid = textAt(volume, "spec", "claimRef", "uid");
  if (volume.metadata.deletionTimestamp !== undefined) {
    const isBound = uid !== undefined && cluster.storage.byUid(uid) !== undefined;
    if (!isBound) dropFinalizer(cluster, kinds.volume, volume, volumeProtection);
    return;
  }
  const phase = textAt(volume, "status", "phase");
  if (uid === undefined) {
    if (phase === "Pending") {
      storeStatus(cluster, kinds.volume, { object: volume, status: { phase: "Available" } });
    }
    return;
  }
  if (cluster.storage.byUid(uid) !== undefined) return;
  if (textAt(volume, "spec", "persistentVolumeReclaimPolicy") === "Delete") {
    deleteObject(cluster, kinds.volume, { object: volume, deletion: plainDeletion });
  } else if (phase !== "Released") {
    storeStatus(cluster, kinds.volume, { object: volume, status: { phase: "Released" } });
  }
}

/** A claim on its way out may go when no pod that is not finished names it. */
function release(cluster: Cluster, claim: SimObject): void {
  const isUsed = cluster.storage
    .list("/pods", claim.metadata.namespace)
    .some((pod) => !isFinished(pod) && claimsOf(pod).includes(claim.metadata.name));
  if (!isUsed) dropFinalizer(cluster, kinds.claim, claim, claimProtection);
}

/** Takes a finalizer away; the last one takes the object with it. */
function dropFinalizer(cluster: Cluster, kind: SimKind, object: SimObject, name: string): void {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(name)) return;
  const rest = finalizers.filter((entry) => entry !== name);
  if (rest.length === 0) cluster.storage.remove(kindKey(kind), object);
  else storeState(cluster, kind, { ...object, metadata: { ...object.metadata, finalizers: rest } });
}

/** The names of the claims that a pod uses. */
function claimsOf(pod: SimObject): readonly string[] {
  return listAt(pod, "spec", "volumes")
    .map((volume) => textAt(volume, "persistentVolumeClaim", "claimName"))
    .filter((name) => name !== undefined);
}
