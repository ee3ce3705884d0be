import { kinds, type Cluster } from "../cluster.ts";
import { customKinds } from "../crd/custom-kinds.ts";
import { listAt, mapAt, textAt, type JsonMap } from "../json.ts";
import { definitionFinalizer, deleteObject, plainDeletion } from "../operations/delete.ts";
import { storeState, storeStatus } from "../operations/internal-write.ts";
import type { SimObject } from "../sim-object.ts";
import { conditionsOf, hasCondition, setCondition } from "./condition.ts";
import type { Recheck } from "./reconcile.ts";

/**
 * Accepts a CustomResourceDefinition, serves its kinds once established, and empties it on
 * deletion.
 */
export function reconcileDefinition(
  cluster: Cluster,
  definition: SimObject,
  recheck: Recheck,
): void {
  const key = definitionKey(definition);
  if (definition.metadata.deletionTimestamp !== undefined) {
    empty(cluster, definition, key);
    return;
  }
  const served = customKinds(definition);
  if (hasCondition(definition, "Established")) {
    cluster.kinds.setCustom(key, served);
    return;
  }
  const now = cluster.clock.monotonic();
  const started = cluster.podStarts.get(definition.metadata.uid) ?? now;
  cluster.podStarts.set(definition.metadata.uid, started);
  const leftMs = started + cluster.settings.readyDelayMs - now;
  if (leftMs > 0) recheck(leftMs);
  else cluster.kinds.setCustom(key, served);
  accept(cluster, definition, leftMs <= 0);
}

/** `group/plural` of the kind that a definition adds. */
export function definitionKey(definition: SimObject): string {
  const plural = textAt(definition, "spec", "names", "plural") ?? "";
  return `${textAt(definition, "spec", "group") ?? ""}/${plural}`;
}

function accept(cluster: Cluster, definition: SimObject, isEstablished: boolean): void {
  let conditions: readonly JsonMap[] = conditionsOf(definition);
  conditions = setCondition(cluster, conditions, {
    condition: {
      type: "NamesAccepted",
      status: "True",
      reason: "NoConflicts",
      message: "no conflicts found",
    },
  });
  conditions = setCondition(cluster, conditions, {
    condition: isEstablished
      ? {
          type: "Established",
          status: "True",
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        }
      : {
          type: "Established",
          status: "False",
          reason: "Installing",
          message: "the initial names have been accepted",
        },
  });
  const storage = listAt(definition, "spec", "versions").find(
    (version) => version["storage"] === true,
  );
  storeStatus(cluster, kinds.definition, {
    object: definition,
    status: {
      conditions,
      acceptedNames: mapAt(definition, "spec", "names"),
      storedVersions: [textAt(storage, "name") ?? ""],
    },
  });
}

/** Deletes every object of the kind; when none is left the definition may go. */
function empty(cluster: Cluster, definition: SimObject, key: string): void {
  const kind = cluster.kinds.byKey(key);
  for (const object of cluster.storage.list(key)) {
    if (kind !== undefined && object.metadata.deletionTimestamp === undefined) {
      deleteObject(cluster, kind, { object, deletion: plainDeletion });
    }
  }
  if (cluster.storage.list(key).length > 0) return;
  const finalizers = (definition.metadata.finalizers ?? []).filter(
    (name) => name !== definitionFinalizer,
  );
  cluster.kinds.setCustom(key, []);
  if (finalizers.length === 0) {
    cluster.storage.remove("apiextensions.k8s.io/customresourcedefinitions", definition);
  } else {
    storeState(cluster, kinds.definition, {
      ...definition,
      metadata: { ...definition.metadata, finalizers },
    });
  }
}
