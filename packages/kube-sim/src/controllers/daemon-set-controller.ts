import { kinds, type Cluster } from "../cluster.ts";
import { textAt, textMapAt, valueAt } from "../json.ts";
import { storeStatus } from "../operations/internal-write.ts";
import type { SimObject } from "../sim-object.ts";
import { activePods, isReady, makePod, removePod, templateHash } from "./pods.ts";

const revisionLabel = "controller-revision-hash";

/** One pod for each node that the template's node selector admits. */
export function reconcileDaemonSet(cluster: Cluster, owner: SimObject): void {
  if (owner.metadata.deletionTimestamp !== undefined) return;
  const selector = textMapAt(owner, "spec", "template", "spec", "nodeSelector");
  const nodes = cluster.storage
    .list("/nodes")
    .filter((node) =>
      Object.entries(selector).every(([key, value]) => node.metadata.labels?.[key] === value),
    )
    .map((node) => node.metadata.name);
  const revision = templateHash(valueAt(owner, "spec", "template"));
  const pods = activePods(cluster, owner);
  for (const pod of pods) {
    if (!nodes.includes(textAt(pod, "spec", "nodeName") ?? "")) removePod(cluster, pod);
  }
  for (const node of nodes) {
    if (pods.some((pod) => textAt(pod, "spec", "nodeName") === node)) continue;
    makePod(cluster, {
      owner,
      template: valueAt(owner, "spec", "template"),
      labels: { [revisionLabel]: revision },
      change(spec) {
        spec["nodeName"] = node;
      },
    });
  }
  const isOnDelete = textAt(owner, "spec", "updateStrategy", "type") === "OnDelete";
  const outdated = pods.find((pod) => pod.metadata.labels?.[revisionLabel] !== revision);
  if (!isOnDelete && outdated !== undefined && pods.filter(isReady).length >= nodes.length) {
    removePod(cluster, outdated);
  }
  report(cluster, owner, { wanted: nodes.length, revision });
}

function report(
  cluster: Cluster,
  owner: SimObject,
  state: { readonly wanted: number; readonly revision: string },
): void {
  const live = cluster.storage.byUid(owner.metadata.uid);
  if (live === undefined) return;
  const pods = activePods(cluster, live);
  const ready = pods.filter(isReady).length;
  const updated = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === state.revision);
  storeStatus(cluster, kinds.daemonSet, {
    object: live,
    status: {
      currentNumberScheduled: pods.length,
      numberMisscheduled: 0,
      desiredNumberScheduled: state.wanted,
      numberReady: ready,
      observedGeneration: live.metadata.generation ?? 1,
      ...(updated.length > 0 ? { updatedNumberScheduled: updated.length } : {}),
      ...(ready > 0 ? { numberAvailable: ready } : {}),
      ...(state.wanted > ready ? { numberUnavailable: state.wanted - ready } : {}),
    },
  });
}
