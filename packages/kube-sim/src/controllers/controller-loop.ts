/**
 * Runs the controllers of one cluster: changes of objects become keys in a queue, keys become
 * reconciles.
 */
import type { Cluster } from "../cluster.ts";
import { textAt } from "../json.ts";
import { controllerOf, keyOf, objectKey, type SimObject } from "../sim-object.ts";
import type { Change, Place } from "../storage.ts";
import { reconcileDaemonSet } from "./daemon-set-controller.ts";
import { reconcileDefinition } from "./definition-controller.ts";
import { reconcileDeployment } from "./deployment-controller.ts";
import { collect, deleteForeground } from "./garbage-collector.ts";
import { reconcileJob } from "./job-controller.ts";
import { reconcileNamespace } from "./namespace-controller.ts";
import { reconcilePod } from "./pod-controller.ts";
import { isFinished, isReady } from "./pods.ts";
import type { Reconcile } from "./reconcile.ts";
import { reconcileReplicaSet } from "./replica-set-controller.ts";
import { reconcileService } from "./service-controller.ts";
import { reconcileStatefulSet } from "./stateful-set-controller.ts";
import { reconcileClaim, reconcileVolume } from "./volume-controller.ts";

const controllers: Readonly<Record<string, Reconcile>> = {
  "/namespaces": reconcileNamespace,
  "/pods": reconcilePod,
  "/services": reconcileService,
  "/persistentvolumeclaims": reconcileClaim,
  "/persistentvolumes": reconcileVolume,
  "/replicationcontrollers": reconcileReplicaSet,
  "apps/deployments": reconcileDeployment,
  "apps/replicasets": reconcileReplicaSet,
  "apps/statefulsets": reconcileStatefulSet,
  "apps/daemonsets": reconcileDaemonSet,
  "batch/jobs": reconcileJob,
  "apiextensions.k8s.io/customresourcedefinitions": reconcileDefinition,
};

export class ControllerLoop implements Disposable {
  readonly #cluster: Cluster;
  readonly #queue = new Map<string, Place>();
  readonly #rechecks = new Map<string, () => void>();
  readonly #stopListening: () => void;
  readonly #onError: (error: unknown) => void;
  #cancelTurn: (() => void) | undefined;
  #isDisposed = false;

  constructor(cluster: Cluster, onError: (error: unknown) => void) {
    this.#cluster = cluster;
    this.#onError = onError;
    this.#stopListening = cluster.storage.listen((change) => this.#note(change));
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#stopListening();
    this.#cancelTurn?.();
    for (const cancel of this.#rechecks.values()) cancel();
    this.#rechecks.clear();
    this.#queue.clear();
  }

  #enqueue(place: Place): void {
    if (this.#isDisposed) return;
    this.#queue.set(`${place.kindKey}|${place.key}`, place);
    this.#cancelTurn ??= this.#cluster.timers.after(0, () => this.#turn());
  }

  #turn(): void {
    this.#cancelTurn = undefined;
    const places = [...this.#queue.values()];
    this.#queue.clear();
    for (const place of places) {
      try {
        this.#reconcile(place);
      } catch (error) {
        // A template that makes no valid pod is the user's mistake and must not stop the others.
        this.#onError(error);
      }
    }
  }

  #reconcile(place: Place): void {
    const cluster = this.#cluster;
    const id = `${place.kindKey}|${place.key}`;
    this.#rechecks.get(id)?.();
    this.#rechecks.delete(id);
    collect(cluster, place);
    const object = cluster.storage.at(place);
    if (object === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) deleteForeground(cluster, place, object);
    controllers[place.kindKey]?.(cluster, object, (delayMs) => {
      this.#rechecks.get(id)?.();
      const again = (): void => {
        this.#rechecks.delete(id);
        this.#enqueue(place);
      };
      this.#rechecks.set(id, cluster.timers.after(delayMs, again));
    });
  }

  /** Decides who has to look at a change. */
  #note(change: Change): void {
    const { object, kindKey } = change;
    const place = { kindKey, key: keyOf(object) };
    const owners = object.metadata.ownerReferences ?? [];
    if (change.type === "DELETED") this.#noteDeletion(object);
    else if (kindKey in controllers || owners.length > 0) this.#enqueue(place);
    else if (object.metadata.deletionTimestamp !== undefined) this.#enqueue(place);
    this.#noteOwners(object);
    if (change.before !== undefined) this.#noteOwners(change.before);
    this.#noteRelated(change);
  }

  #noteDeletion(object: SimObject): void {
    this.#cluster.podStarts.delete(object.metadata.uid);
    this.#cluster.containers.forget(object.metadata.uid);
    for (const dependent of this.#cluster.storage.ownedBy(object.metadata.uid)) {
      this.#enqueue(dependent);
    }
    const namespace = object.metadata.namespace;
    const found =
      namespace === undefined
        ? undefined
        : this.#cluster.storage.get("/namespaces", undefined, namespace);
    if (found?.metadata.deletionTimestamp !== undefined) {
      this.#enqueue({ kindKey: "/namespaces", key: keyOf(found) });
    }
    const group = object.apiVersion.includes("/") ? object.apiVersion.split("/")[0]! : "";
    const kind = this.#cluster.kinds.findByName(object.apiVersion, object.kind);
    if (kind?.custom !== undefined) {
      const key = objectKey(undefined, `${kind.plural}.${group}`);
      this.#enqueue({ kindKey: "apiextensions.k8s.io/customresourcedefinitions", key });
    }
  }

  #noteOwners(object: SimObject): void {
    const { storage, kinds } = this.#cluster;
    for (const reference of object.metadata.ownerReferences ?? []) {
      const owner = storage.byUid(reference.uid);
      if (owner === undefined) continue;
      const isController = controllerOf(object)?.uid === reference.uid;
      if (!isController && owner.metadata.deletionTimestamp === undefined) continue;
      const kind = kinds.findByName(owner.apiVersion, owner.kind);
      if (kind !== undefined) {
        this.#enqueue({ kindKey: `${kind.group}/${kind.plural}`, key: keyOf(owner) });
      }
    }
  }

  /** Changes that matter to objects that are not their owners. */
  #noteRelated(change: Change): void {
    const { object, kindKey } = change;
    const namespace = object.metadata.namespace;
    if (kindKey === "/pods" && isServingChanged(change)) {
      this.#enqueueAll("/services", namespace, (service) => selects(service, object));
      const isLeaving = (claim: SimObject): boolean =>
        claim.metadata.deletionTimestamp !== undefined;
      this.#enqueueAll("/persistentvolumeclaims", namespace, isLeaving);
    } else if (
      kindKey === "/persistentvolumeclaims" ||
      (change.type === "ADDED" && (kindKey === "/configmaps" || kindKey === "/secrets"))
    ) {
      const isPending = (pod: SimObject): boolean => textAt(pod, "status", "phase") === "Pending";
      this.#enqueueAll("/pods", namespace, isPending);
      if (change.type === "DELETED") this.#enqueueAll("/persistentvolumes", undefined, () => true);
    } else if (kindKey === "/persistentvolumes" && change.type === "ADDED") {
      const isUnbound = (claim: SimObject): boolean =>
        textAt(claim, "status", "phase") === "Pending";
      this.#enqueueAll("/persistentvolumeclaims", undefined, isUnbound);
    } else if (kindKey === "/nodes") {
      this.#enqueueAll("apps/daemonsets", undefined, () => true);
      this.#enqueueAll("/pods", undefined, (pod) => !isFinished(pod));
    }
  }

  #enqueueAll(
    kindKey: string,
    namespace: string | undefined,
    matches: (object: SimObject) => boolean,
  ): void {
    for (const object of this.#cluster.storage.list(kindKey, namespace)) {
      if (matches(object)) this.#enqueue({ kindKey, key: keyOf(object) });
    }
  }
}

function selects(service: SimObject, pod: SimObject): boolean {
  const selector = (service["spec"] as { selector?: Record<string, string> }).selector ?? {};
  const entries = Object.entries(selector);
  return (
    entries.length > 0 && entries.every(([key, value]) => pod.metadata.labels?.[key] === value)
  );
}

function isServingChanged(change: Change): boolean {
  if (change.type !== "MODIFIED" || change.before === undefined) return true;
  const address = (pod: SimObject): string | undefined => textAt(pod, "status", "podIP");
  return (
    isReady(change.before) !== isReady(change.object) ||
    address(change.before) !== address(change.object) ||
    change.before.metadata.deletionTimestamp !== change.object.metadata.deletionTimestamp
  );
}
