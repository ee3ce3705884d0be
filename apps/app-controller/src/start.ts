import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { KubePool } from "@octoplane/kube/kube-pool";
import { Controller } from "@octoplane/reconcile/controller";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { parseRef, refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import type { Running } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import { ClusterView } from "./cluster-view.ts";
import type { AppControllerConfig } from "./config.ts";
import { reconcileApplication, type AppWorld } from "./reconcile-application.ts";

export interface AppControllerParts {
  readonly resources: Resources;
  readonly kubes: KubePool;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts the application controller. */
export async function start(
  config: AppControllerConfig,
  parts: AppControllerParts,
): Promise<Running> {
  const controller = new AppController(config, parts);
  await controller.start();
  return controller;
}

class AppController implements Running {
  readonly #parts: AppControllerParts;
  readonly #controller: Controller;
  /** By cluster key; `version` changes with the cluster's specification. */
  readonly #views = new Map<
    string,
    { readonly version: string; readonly view: Promise<ClusterView> }
  >();
  readonly #keyByUid = new Map<string, string>();
  /** What a reconcile depends on of each application; our own writes wake nobody. */
  readonly #seen = new Map<string, string>();
  readonly #clusterSeen = new Map<string, string>();
  #unlisten: (() => void)[] = [];

  constructor(config: AppControllerConfig, parts: AppControllerParts) {
    const { resources, log, metrics } = parts;
    const { clock, random } = resources.parts;
    this.#parts = parts;
    const applications = resources.feed(ApplicationKind);
    const world: AppWorld = {
      repository: resources.of(ApplicationKind),
      clock,
      startGraceMs: config.start_grace * 1_000,
      find: (key) => applications.objects.get(key),
      clusterUid: (ref) => this.#cluster(ref)?.metadata.uid,
      view: (ref) => this.#view(ref),
      isLiving: (uid) => this.#keyByUid.has(uid),
    };
    this.#controller = new Controller({
      name: "applications",
      reconcile: (key, signal) => reconcileApplication(world, key, signal),
      workers: config.worker_count,
      clock,
      random,
      log,
      metrics,
    });
  }

  async start(): Promise<void> {
    const { resources } = this.#parts;
    const applications = resources.feed(ApplicationKind);
    const clusters = resources.feed(ClusterKind);
    await Promise.all([applications.ready(), clusters.ready()]);
    this.#unlisten = [
      applications.listen((events) => events.forEach((event) => this.#applicationChanged(event))),
      clusters.listen((events) => events.forEach((event) => this.#clusterChanged(event))),
    ];
    for (const [key, object] of clusters.objects) this.#clusterSeen.set(key, clusterDigest(object));
    for (const [key, object] of applications.objects) {
      this.#applicationChanged({ type: "ADDED", key, object, revision: 0n });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await this.#controller[Symbol.asyncDispose]();
    await Promise.all([...this.#views.keys()].map((key) => this.#dropView(key)));
  }

  #applicationChanged({ type, key, object: app }: FeedEvent<Application>): void {
    const { uid } = app.metadata;
    if (type === "DELETED") {
      this.#seen.delete(key);
      this.#keyByUid.delete(uid);
      return;
    }
    this.#keyByUid.set(uid, key);
    const { generation, deleted, finalizers } = app.metadata;
    const { scheduled_generation: scheduled, scheduled_to: target } = app.status;
    const place = target && `${target.namespace}/${target.name}`;
    const digest = [uid, generation, deleted, finalizers.join(), scheduled, place].join(" ");
    if (this.#seen.get(key) === digest) return;
    this.#seen.set(key, digest);
    this.#controller.enqueue(key);
  }

  /** Another kubeconfig, or a cluster that comes back: everything that has to do with it is looked at again. */
  #clusterChanged({ type, key, object: cluster }: FeedEvent<Cluster>): void {
    const digest = type === "DELETED" ? "" : clusterDigest(cluster);
    if (this.#clusterSeen.get(key) === digest) return;
    if (type === "DELETED") {
      this.#clusterSeen.delete(key);
      void this.#dropView(key);
    } else this.#clusterSeen.set(key, digest);
    for (const [appKey, app] of this.#parts.resources.feed(ApplicationKind).objects) {
      const { scheduled_to: target, copies } = app.status;
      const places = [target, ...copies.map((copy) => copy.cluster)];
      if (places.some((ref) => ref !== null && refKey(ref) === key))
        this.#controller.enqueue(appKey);
    }
  }

  #cluster(ref: ResourceRef): Cluster | undefined {
    return this.#parts.resources.feed(ClusterKind).objects.get(refKey(ref));
  }

  async #view(ref: ResourceRef): Promise<ClusterView> {
    const key = refKey(ref);
    const cluster = this.#cluster(ref);
    const version = `${cluster?.metadata.uid}/${cluster?.metadata.generation}`;
    const known = this.#views.get(key);
    if (known?.version === version) return await known.view;
    const entry = { version, view: this.#openView(key, version) };
    this.#views.set(key, entry);
    if (known) void closeView(known.view);
    try {
      return await entry.view;
    } catch (error) {
      if (this.#views.get(key) === entry) this.#views.delete(key);
      throw error;
    }
  }

  async #openView(key: string, version: string): Promise<ClusterView> {
    const { resources, kubes, log } = this.#parts;
    const { clock, random } = resources.parts;
    const kube = await kubes.get(key, version, async () => {
      const cluster = await resources.of(ClusterKind).reveal(parseRef(key));
      return cluster.spec.kubeconfig;
    });
    const onChange = (uid: string): void => {
      const appKey = this.#keyByUid.get(uid);
      if (appKey !== undefined) this.#controller.enqueue(appKey);
    };
    return new ClusterView(kube, { clock, random, log, onChange });
  }

  async #dropView(key: string): Promise<void> {
    const known = this.#views.get(key);
    this.#views.delete(key);
    if (known) await closeView(known.view);
  }
}

/** A view that never came to be needs no closing; whoever asked for it was told why. */
async function closeView(view: Promise<ClusterView>): Promise<void> {
  try {
    await (await view)[Symbol.asyncDispose]();
  } catch {
    return;
  }
}

/** What of a cluster matters to the applications on it: its credentials, whether it answers, and what it serves. */
function clusterDigest(cluster: Cluster): string {
  const { uid, generation } = cluster.metadata;
  const reachable = cluster.status.conditions.find(({ type }) => type === "Reachable");
  return [uid, generation, reachable?.status, ...cluster.status.served_kinds].join(" ");
}

function refKey(ref: ResourceRef): string {
  return refText(
    ref.namespace === null ? { name: ref.name } : { namespace: ref.namespace, name: ref.name },
  );
}
