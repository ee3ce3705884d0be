import { kinds, shortDelayMs, type Cluster } from "../cluster.ts";
import type { JsonMap } from "../json.ts";
import { deleteObject, plainDeletion } from "../operations/delete.ts";
import { makeObject, storeStatus } from "../operations/internal-write.ts";
import type { SimObject } from "../sim-object.ts";
import { setCondition } from "./condition.ts";
import type { Recheck } from "./reconcile.ts";

/**
 * The certificate that the config map of every namespace shows; nothing in the simulation uses TLS.
 */
const rootCertificate = "-----BEGIN CERTIFICATE-----\nkube-sim\n-----END CERTIFICATE-----\n";

/** Furnishes a namespace, or empties it and takes it away. */
export function reconcileNamespace(cluster: Cluster, namespace: SimObject, recheck: Recheck): void {
  const { name } = namespace.metadata;
  if (namespace.metadata.deletionTimestamp === undefined) {
    makeObject(cluster, kinds.account, { metadata: { name: "default", namespace: name } });
    makeObject(cluster, kinds.configMap, {
      metadata: { name: "kube-root-ca.crt", namespace: name },
      data: { "ca.crt": rootCertificate },
    });
    return;
  }
  const now = cluster.clock.monotonic();
  const started = cluster.podStarts.get(namespace.metadata.uid) ?? now;
  cluster.podStarts.set(namespace.metadata.uid, started);
  const leftMs = started + shortDelayMs(cluster) - now;
  if (leftMs > 0) {
    recheck(leftMs);
    return;
  }
  const contents = contentsOf(cluster, name);
  for (const { key, object } of contents) {
    const kind = cluster.kinds.byKey(key);
    if (kind !== undefined && object.metadata.deletionTimestamp === undefined) {
      deleteObject(cluster, kind, { object, deletion: plainDeletion });
    }
  }
  const rest = contentsOf(cluster, name);
  const isHeld = (namespace.metadata.finalizers ?? []).length > 0;
  if (rest.length === 0 && !isHeld) cluster.storage.remove("/namespaces", namespace);
  else if (rest.length > 0) reportRest(cluster, namespace, rest);
}

interface Content {
  readonly key: string;
  readonly object: SimObject;
}

function contentsOf(cluster: Cluster, namespace: string): readonly Content[] {
  return cluster.storage
    .kindKeys()
    .flatMap((key) => cluster.storage.list(key, namespace).map((object) => ({ key, object })));
}

/** Says what still holds the namespace, as the namespace controller does. */
function reportRest(cluster: Cluster, namespace: SimObject, rest: readonly Content[]): void {
  const counts = new Map<string, number>();
  for (const { key } of rest) counts.set(key, (counts.get(key) ?? 0) + 1);
  const texts = [...counts].map(([key, count]) => {
    const [group = "", plural = ""] = key.split("/");
    return `${group === "" ? `${plural}.` : `${plural}.${group}`} has ${count} resource instances`;
  });
  const held = rest.some(({ object }) => (object.metadata.finalizers ?? []).length > 0);
  let conditions: readonly JsonMap[] = [];
  conditions = setCondition(cluster, conditions, {
    condition: {
      type: "NamespaceContentRemaining",
      status: "True",
      reason: "SomeResourcesRemain",
      message: `Some resources are remaining: ${texts.join(", ")}`,
    },
  });
  conditions = setCondition(cluster, conditions, {
    condition: {
      type: "NamespaceFinalizersRemaining",
      status: held ? "True" : "False",
      reason: held ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
    },
  });
  const live = cluster.storage.byUid(namespace.metadata.uid);
  const isKnown = live !== undefined && Array.isArray((live["status"] as JsonMap)["conditions"]);
  if (live === undefined || isKnown) return;
  storeStatus(cluster, kinds.namespace, {
    object: live,
    status: { phase: "Terminating", conditions },
  });
}
