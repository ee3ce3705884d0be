import { textOf } from "@octoplane/shared/text-of";
import { kinds, type Cluster } from "../cluster.ts";
import {
  cloneJson,
  ensureMap,
  equalJson,
  mapAt,
  numberAt,
  textAt,
  valueAt,
  type JsonMap,
} from "../json.ts";
import { deleteObject, plainDeletion } from "../operations/delete.ts";
import { makeObject, storeState } from "../operations/internal-write.ts";
import { controllerReference, type SimObject } from "../sim-object.ts";
import { reportDeployment } from "./deployment-status.ts";
import { activePods, controlled, templateHash } from "./pods.ts";
import type { Recheck } from "./reconcile.ts";
import { countsOf } from "./replica-set-controller.ts";

const revisionAnnotation = "deployment.kubernetes.io/revision";

export function reconcileDeployment(cluster: Cluster, found: SimObject, recheck: Recheck): void {
  if (found.metadata.deletionTimestamp !== undefined) return;
  const isPaused = valueAt(found, "spec", "paused") === true;
  const all = controlled(cluster, found, "apps/replicasets").filter(
    (entry) => entry.metadata.deletionTimestamp === undefined,
  );
  let current = all.find((entry) => isOfTemplate(entry, found));
  const old = all.filter((entry) => entry !== current);
  let deployment = found;
  if (!isPaused) {
    if (current === undefined) {
      const isRecreated = textAt(found, "spec", "strategy", "type") === "Recreate";
      if (isRecreated && stopAll(cluster, old)) {
        reportDeployment(cluster, deployment, { current, all, recheck });
        return;
      }
      current = makeReplicaSet(cluster, found, all);
    }
    if (current !== undefined) {
      deployment = markRevision(cluster, deployment, { current, old });
      roll(cluster, deployment, { current, old });
    }
    dropHistory(cluster, deployment, old);
  } else if (current !== undefined) resize(cluster, current, replicasOf(deployment));
  const after = controlled(cluster, deployment, "apps/replicasets");
  const newest = after.find((entry) => entry.metadata.uid === current?.metadata.uid);
  reportDeployment(cluster, deployment, { current: newest, all: after, recheck });
}

export function replicasOf(deployment: SimObject): number {
  return numberAt(deployment, "spec", "replicas") ?? 1;
}

function templateOf(object: SimObject): JsonMap {
  const template = cloneJson(mapAt(object, "spec", "template"));
  const labels = ensureMap(ensureMap(template, "metadata"), "labels");
  delete labels["pod-template-hash"];
  return template;
}

function isOfTemplate(replicaSet: SimObject, deployment: SimObject): boolean {
  return equalJson(templateOf(replicaSet), templateOf(deployment));
}

function revisionOf(object: SimObject): number {
  return Number(object.metadata.annotations?.[revisionAnnotation] ?? 0);
}

function makeReplicaSet(
  cluster: Cluster,
  deployment: SimObject,
  others: readonly SimObject[],
): SimObject | undefined {
  const template = templateOf(deployment);
  const hash = templateHash(template);
  const metadata = ensureMap(template, "metadata");
  const labels = { ...ensureMap(metadata, "labels"), "pod-template-hash": hash };
  metadata["labels"] = labels;
  const selector = cloneJson(mapAt(deployment, "spec", "selector"));
  selector["matchLabels"] = { ...mapAt(selector, "matchLabels"), "pod-template-hash": hash };
  const revision = Math.max(0, ...others.map(revisionOf)) + 1;
  const minReadySeconds = numberAt(deployment, "spec", "minReadySeconds");
  return makeObject(cluster, kinds.replicaSet, {
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels: { ...labels },
      annotations: { [revisionAnnotation]: String(revision) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector,
      template,
    },
  });
}

/** The newest revision number goes to the ReplicaSet in use, and the Deployment shows it. */
function markRevision(
  cluster: Cluster,
  deployment: SimObject,
  sets: { readonly current: SimObject; readonly old: readonly SimObject[] },
): SimObject {
  const newest = Math.max(0, ...sets.old.map(revisionOf));
  const revision = Math.max(revisionOf(sets.current), newest + (sets.old.length > 0 ? 1 : 0));
  annotate(cluster, sets.current, String(Math.max(1, revision)));
  return annotate(cluster, deployment, String(Math.max(1, revision)));
}

function annotate(cluster: Cluster, object: SimObject, revision: string): SimObject {
  const kind = object.kind === "Deployment" ? kinds.deployment : kinds.replicaSet;
  const live = cluster.storage.byUid(object.metadata.uid) ?? object;
  const annotations = { ...live.metadata.annotations, [revisionAnnotation]: revision };
  return storeState(cluster, kind, { ...live, metadata: { ...live.metadata, annotations } });
}

function resize(cluster: Cluster, replicaSet: SimObject, replicas: number): void {
  const live = cluster.storage.byUid(replicaSet.metadata.uid);
  if (live === undefined || numberAt(live, "spec", "replicas") === replicas) return;
  storeState(cluster, kinds.replicaSet, {
    ...live,
    metadata: { ...live.metadata, generation: (live.metadata.generation ?? 0) + 1 },
    spec: { ...mapAt(live, "spec"), replicas },
  });
}

/** Scales everything old to zero; true while pods of it are still there. */
function stopAll(cluster: Cluster, old: readonly SimObject[]): boolean {
  for (const entry of old) resize(cluster, entry, 0);
  return old.some((entry) => controlled(cluster, entry, "/pods").length > 0);
}

/** One step of a rolling update, within the bounds of maxSurge and maxUnavailable. */
function roll(
  cluster: Cluster,
  deployment: SimObject,
  sets: { readonly current: SimObject; readonly old: readonly SimObject[] },
): void {
  const wanted = replicasOf(deployment);
  const current = cluster.storage.byUid(sets.current.metadata.uid) ?? sets.current;
  const counts = countsOf(current);
  const old = sets.old.map((entry) => ({ entry, counts: countsOf(entry) }));
  const oldWanted = old.reduce((sum, { counts: one }) => sum + one.wanted, 0);
  if (textAt(deployment, "spec", "strategy", "type") === "Recreate" || oldWanted === 0) {
    if (oldWanted > 0 && stopAll(cluster, sets.old)) return;
    resize(cluster, current, wanted);
    return;
  }
  const bounds = rolloutBounds(deployment, wanted);
  const room = wanted + bounds.surge - oldWanted - counts.wanted;
  const grown = Math.max(Math.min(wanted, counts.wanted + Math.max(0, room)), 0);
  resize(cluster, current, counts.wanted > wanted ? wanted : grown);
  const newUnavailable = grown - counts.available;
  const least = wanted - bounds.unavailable;
  let spare = oldWanted + grown - least - newUnavailable;
  // Old pods that do not work anyway go first: they serve nobody.
  for (const one of old) {
    const broken = one.counts.wanted - one.counts.available;
    const cut = Math.max(0, Math.min(spare, broken));
    if (cut > 0) resize(cluster, one.entry, one.counts.wanted - cut);
    spare -= cut;
  }
  const available = counts.available + old.reduce((sum, one) => sum + one.counts.available, 0);
  let removable = Math.min(spare, available - least);
  for (const { entry } of old.toSorted(
    (left, right) => revisionOf(left.entry) - revisionOf(right.entry),
  )) {
    const live = cluster.storage.byUid(entry.metadata.uid);
    const count = numberAt(live, "spec", "replicas") ?? 0;
    const cut = Math.max(0, Math.min(removable, count));
    if (cut > 0) resize(cluster, entry, count - cut);
    removable -= cut;
  }
}

/**
 * maxSurge rounds up, maxUnavailable down; both zero would stand still, so one pod may then be
 * missing.
 */
function rolloutBounds(
  deployment: SimObject,
  wanted: number,
): { readonly surge: number; readonly unavailable: number } {
  const bounds = mapAt(deployment, "spec", "strategy", "rollingUpdate");
  const surge = Math.ceil(share(bounds["maxSurge"], wanted));
  const unavailable = Math.min(wanted, Math.floor(share(bounds["maxUnavailable"], wanted)));
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function share(value: unknown, of: number): number {
  if (typeof value === "number") return value;
  const match = /^(\d+)%$/u.exec(textOf(value));
  return match === null ? of * 0.25 : (of * Number(match[1])) / 100;
}

function dropHistory(cluster: Cluster, deployment: SimObject, old: readonly SimObject[]): void {
  const limit = numberAt(deployment, "spec", "revisionHistoryLimit") ?? 10;
  const idle = old.filter(
    (entry) => countsOf(entry).wanted === 0 && activePods(cluster, entry).length === 0,
  );
  const order = idle.toSorted((left, right) => revisionOf(left) - revisionOf(right));
  for (const object of order.slice(0, Math.max(0, order.length - limit))) {
    deleteObject(cluster, kinds.replicaSet, { object, deletion: plainDeletion });
  }
}
