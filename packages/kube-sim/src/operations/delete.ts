/**
 * Deletion: preconditions, propagation, finalizers, grace. What follows from it is the controllers'
 * work.
 */
import { preconditionFailed } from "../api-error.ts";
import { shortDelayMs, type Cluster } from "../cluster.ts";
import { kindKey, type SimKind } from "../kind.ts";
import { kubeTime } from "../kube-time.ts";
import type { SimObject } from "../sim-object.ts";

export type Propagation = "Background" | "Foreground" | "Orphan";

export interface Deletion {
  readonly propagation: Propagation | undefined;
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly dryRun: boolean;
}

export const plainDeletion: Deletion = {
  propagation: "Background",
  gracePeriodSeconds: undefined,
  uid: undefined,
  resourceVersion: undefined,
  dryRun: false,
};

/** Finalizers that the server itself sets and takes away. */
export const foregroundFinalizer = "foregroundDeletion";
export const definitionFinalizer = "customresourcecleanup.apiextensions.k8s.io";

/** The kinds whose dependents stay behind when nobody says otherwise. */
const orphaning = new Set(["batch/jobs", "/replicationcontrollers"]);

/**
 * Deletes an object, or marks it when something still has to happen first.
 * Returns the marked object, undefined when it is gone.
 */
export function deleteObject(
  cluster: Cluster,
  kind: SimKind,
  place: { readonly object: SimObject; readonly deletion: Deletion },
): SimObject | undefined {
  const { object, deletion } = place;
  const key = kindKey(kind);
  checkPreconditions(kind, object, deletion);
  if (deletion.dryRun) return undefined;
  const propagation = deletion.propagation ?? (orphaning.has(key) ? "Orphan" : "Background");
  if (propagation === "Orphan") orphanDependents(cluster, object);
  const finalizers = new Set(object.metadata.finalizers ?? []);
  if (propagation === "Foreground" && cluster.storage.ownedBy(object.metadata.uid).length > 0) {
    finalizers.add(foregroundFinalizer);
  }
  if (key === "apiextensions.k8s.io/customresourcedefinitions") finalizers.add(definitionFinalizer);
  if (key === "/namespaces") return markNamespace(cluster, kind, object);
  const isGraceful = key === "/pods" && deletion.gracePeriodSeconds !== 0;
  if (finalizers.size === 0 && !isGraceful) {
    cluster.storage.remove(key, object);
    return undefined;
  }
  const isMarked = object.metadata.deletionTimestamp !== undefined;
  if (isMarked && [...finalizers].every((name) => object.metadata.finalizers?.includes(name))) {
    return object;
  }
  const graceSeconds = isGraceful ? (deletion.gracePeriodSeconds ?? 30) : 0;
  const marked = cluster.storage.put(
    key,
    withMark(object, { time: kubeTime(cluster.clock), graceSeconds, finalizers }),
  );
  if (isGraceful) cluster.timers.after(shortDelayMs(cluster), () => finishPod(cluster, marked));
  return marked;
}

/** The object with the mark of its deletion; a mark that it has already keeps its time. */
function withMark(
  object: SimObject,
  mark: {
    readonly time: string;
    readonly graceSeconds: number;
    readonly finalizers: ReadonlySet<string>;
  },
): SimObject {
  const { generation, deletionTimestamp } = object.metadata;
  const isFirst = deletionTimestamp === undefined;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      // The server counts the mark as a change of the object.
      ...(generation !== undefined && isFirst ? { generation: generation + 1 } : {}),
      deletionTimestamp: deletionTimestamp ?? mark.time,
      deletionGracePeriodSeconds: mark.graceSeconds,
      ...(mark.finalizers.size > 0 ? { finalizers: [...mark.finalizers] } : {}),
    },
  };
}

function checkPreconditions(kind: SimKind, object: SimObject, deletion: Deletion): void {
  const { name, uid, resourceVersion } = object.metadata;
  if (deletion.uid !== undefined && deletion.uid !== uid) {
    const text =
      `the UID in the precondition (${deletion.uid}) does not match the UID in record (${uid}). ` +
      "The object might have been deleted and then recreated";
    throw preconditionFailed(kind, name, text);
  }
  if (deletion.resourceVersion !== undefined && deletion.resourceVersion !== resourceVersion) {
    const text =
      `the ResourceVersion in the precondition (${deletion.resourceVersion}) does not match the ` +
      `ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw preconditionFailed(kind, name, text);
  }
}

function markNamespace(cluster: Cluster, kind: SimKind, object: SimObject): SimObject {
  if (object.metadata.deletionTimestamp !== undefined) return object;
  return cluster.storage.put(kindKey(kind), {
    ...object,
    metadata: { ...object.metadata, deletionTimestamp: kubeTime(cluster.clock) },
    status: { phase: "Terminating" },
  });
}

/** The end of a pod's grace: its containers have stopped. Finalizers may still hold it. */
function finishPod(cluster: Cluster, pod: SimObject): void {
  const live = cluster.storage.byUid(pod.metadata.uid);
  if (live === undefined) return;
  const metadata = { ...live.metadata, deletionGracePeriodSeconds: 0 };
  if ((live.metadata.finalizers ?? []).length === 0) cluster.storage.remove("/pods", live);
  else cluster.storage.put("/pods", { ...live, metadata });
}

/** Takes an owner out of everything that names it. */
export function orphanDependents(cluster: Cluster, owner: SimObject): void {
  for (const place of cluster.storage.ownedBy(owner.metadata.uid)) {
    const dependent = cluster.storage.at(place);
    if (dependent === undefined) continue;
    const { ownerReferences, ...metadata } = dependent.metadata;
    const rest = (ownerReferences ?? []).filter((entry) => entry.uid !== owner.metadata.uid);
    const next = rest.length === 0 ? metadata : { ...metadata, ownerReferences: rest };
    const orphan: SimObject = { ...dependent, metadata: next as SimObject["metadata"] };
    cluster.storage.put(place.kindKey, orphan);
  }
}
