/** Deletes what is left without any owner, and completes deletions in the foreground. */
import type { Cluster } from "../cluster.ts";
import { deleteObject, foregroundFinalizer, plainDeletion } from "../operations/delete.ts";
import type { SimObject } from "../sim-object.ts";
import type { Place } from "../storage.ts";

/** Deletes the object at a place when it has owners and none of them is there any more. */
export function collect(cluster: Cluster, place: Place): void {
  const object = cluster.storage.at(place);
  const owners = object?.metadata.ownerReferences ?? [];
  if (object === undefined || owners.length === 0) return;
  if (object.metadata.deletionTimestamp !== undefined) return;
  const isOwned = owners.some((owner) => cluster.storage.byUid(owner.uid) !== undefined);
  const kind = cluster.kinds.byKey(place.kindKey);
  if (isOwned || kind === undefined) return;
  deleteObject(cluster, kind, { object, deletion: plainDeletion });
}

/**
 * One step of a deletion in the foreground: the dependents go first, the owner when none blocks it.
 */
export function deleteForeground(cluster: Cluster, place: Place, owner: SimObject): void {
  if (owner.metadata.finalizers?.includes(foregroundFinalizer) !== true) return;
  let isBlocked = false;
  for (const dependentPlace of cluster.storage.ownedBy(owner.metadata.uid)) {
    const dependent = cluster.storage.at(dependentPlace);
    const kind = cluster.kinds.byKey(dependentPlace.kindKey);
    if (dependent === undefined || kind === undefined) continue;
    const reference = dependent.metadata.ownerReferences?.find(
      (entry) => entry.uid === owner.metadata.uid,
    );
    if (dependent.metadata.deletionTimestamp === undefined) {
      const deletion = { ...plainDeletion, propagation: "Foreground" as const };
      deleteObject(cluster, kind, { object: dependent, deletion });
    }
    const isLeft = cluster.storage.byUid(dependent.metadata.uid) !== undefined;
    if (isLeft && reference?.blockOwnerDeletion === true) isBlocked = true;
  }
  if (isBlocked) return;
  const finalizers = owner.metadata.finalizers.filter((name) => name !== foregroundFinalizer);
  if (finalizers.length === 0) cluster.storage.remove(place.kindKey, owner);
  else
    cluster.storage.put(place.kindKey, { ...owner, metadata: { ...owner.metadata, finalizers } });
}
