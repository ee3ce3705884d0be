import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { conditionOf } from "@octoplane/kinds/condition";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { KubePool } from "@octoplane/kube/kube-pool";
import { Controller } from "@octoplane/reconcile/controller";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { parseRef, refText } from "@octoplane/resources/keys";
import { statusRevision } from "@octoplane/resources/record";
import type { Resources } from "@octoplane/resources/resources";
import { limits } from "@octoplane/shared/limits";
import { disposeAll, type Running } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import { connectionVersion, connectTo, refKey } from "./cluster-connection.ts";
import { ClusterView } from "./cluster-view.ts";
import type { AppControllerConfig } from "./config.ts";
import type { AppWorld } from "./app-world.ts";
import { outageOf } from "./cluster-outage.ts";
import type { Unrecorded } from "./disown.ts";
import { ClusterUse } from "./cluster-use.ts";
import { readSigners, type HookSigners } from "./hooks/hook-certificates.ts";
import { withoutMigration } from "./hooks/migration-run.ts";
import { requestShutdown } from "./hooks/shutdown-request.ts";
import { needsOf } from "./need.ts";
import { NeedIndex } from "./need-index.ts";
import { reconcileApplication } from "./reconcile-application.ts";
import { RunController } from "./runs/run-controller.ts";
import { fetchRules } from "./translation/fetch-rules.ts";
import { openSourceFetch, type SourceFetcher } from "./translation/source-fetch.ts";
import { needsFetch } from "./translation/translation-need.ts";

export interface AppControllerParts {
  readonly resources: Resources;
  readonly kubes: KubePool;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where the API listens, when it is known. */
  readonly apiAddress?: string;
}

/** Starts the application controller. `Invalid` when a file that its settings name does not do. */
export async function start(
  config: AppControllerConfig,
  parts: AppControllerParts,
): Promise<Running> {
  const signers = await readSigners(config.hooks, parts.resources.parts.clock.now());
  const controllers = [new AppController(config, parts, signers), new RunController(parts)];
  await Promise.all(controllers.map((controller) => controller.start()));
  return { [Symbol.asyncDispose]: async () => await disposeAll(controllers) };
}

class AppController implements Running {
  readonly #parts: AppControllerParts;
  readonly #controller: Controller;
  /** By cluster key; `version` changes with the cluster's specification. */
  readonly #views = new Map<
    string,
    { readonly version: string; readonly view: Promise<ClusterView> }
  >();
  readonly #use = new ClusterUse();
  readonly #keyByUid = new Map<string, string>();
  /** What a reconcile depends on of each application; our own writes wake nobody. */
  readonly #seen = new Map<string, { readonly uid: string; readonly digest: string }>();
  /** The status that was written last, until the feed shows it. */
  readonly #written = new Map<string, { readonly uid: string; readonly revision: bigint }>();
  /** Applications that want an object of another one: they look again when an application has gone. */
  readonly #kept = new Set<string>();
  readonly #needs = new NeedIndex();
  readonly #fetcher: SourceFetcher;
  readonly #unrecorded = new Map<string, Unrecorded>();
  readonly #clusterSeen = new Map<string, string>();
  #unlisten: (() => void)[] = [];

  constructor(config: AppControllerConfig, parts: AppControllerParts, signers: HookSigners) {
    const { resources, log, metrics } = parts;
    const { clock, random } = resources.parts;
    this.#parts = parts;
    this.#fetcher = openSourceFetch(fetchRules(config.fetch.allow, config.fetch.public), clock);
    const world: AppWorld = {
      repository: resources.of(ApplicationKind),
      clock,
      random,
      fetchSource: this.#fetcher.fetch,
      hooks: config.hooks,
      hookSigners: signers,
      apiEndpoint: config.hooks.api_endpoint ?? parts.apiAddress ?? "http://127.0.0.1:8080",
      requestShutdown: (target, signal) => requestShutdown(target, clock, signal),
      startGraceMs: config.start_grace * 1_000,
      read: (key) => this.#read(key),
      unrecorded: this.#unrecorded,
      wrote: (key, app) => this.#wrote(key, app),
      clusterUid: (ref) => this.#cluster(ref)?.metadata.uid,
      isTakenAway: (ref) => (this.#cluster(ref)?.metadata.deleted ?? null) !== null,
      clusterLabels: (ref) => this.#cluster(ref)?.metadata.labels ?? {},
      outage: (ref) => outageOf(this.#cluster(ref)),
      view: (ref) => this.#view(ref),
      isLiving: (uid) => this.#keyByUid.has(uid),
      application: (ref) => resources.feed(ApplicationKind).objects.get(refText(ref)),
      othersIn: (cluster, namespace, uid) => this.#othersIn({ cluster, namespace, uid }),
    };
    this.#controller = new Controller({
      name: "applications",
      reconcile: (key, signal) => reconcileApplication(world, key, signal),
      workers: config.worker_count,
      lanes: { laneOf: (key) => this.#laneOf(key), most: limits.clusterReconcilesMax },
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
    await this.#fetcher[Symbol.asyncDispose]();
    await Promise.all([...this.#views.keys()].map((key) => this.#dropView(key)));
  }

  #applicationChanged({ type, key, object: app }: FeedEvent<Application>): void {
    const { uid } = app.metadata;
    const seen = this.#seen.get(key);
    if (seen && (type === "DELETED" || seen.uid !== uid)) this.#forget(key, seen.uid);
    if (type === "DELETED") return;
    this.#keyByUid.set(uid, key);
    const { generation, deleted, finalizers } = app.metadata;
    const { scheduled_generation: scheduled, places, copies } = app.status;
    const bound = boundClusters(app.status);
    this.#useClusters(key, [...bound, ...copies.map((copy) => copy.cluster)].map(refKey));
    this.#needs.set(key, needsOf(app).map(refText));
    for (const other of this.#needs.waitingFor(key, app.status.state)) {
      this.#controller.enqueue(other);
    }
    const applied = conditionOf(app.status.conditions, "Applied");
    if (applied?.reason === "OWNED_BY_OTHER") this.#kept.add(key);
    else this.#kept.delete(key);
    const shares = (places ?? []).map(({ share }) => share);
    const where = [...bound.map(refKey), ...shares].join();
    const order = [generation, deleted, finalizers.join(), scheduled];
    const digest = [...order, where, shutdownText(app)].join(" ");
    if (seen?.uid === uid && seen.digest === digest) return;
    this.#seen.set(key, { uid, digest });
    this.#fetcher.cancel(key);
    this.#controller.enqueue(key);
  }

  /** Those that use the same clusters wait for each other, and so do those of a namespace that ask servers for templates. */
  #laneOf(key: string): string {
    const app = this.#parts.resources.feed(ApplicationKind).objects.get(key);
    const fetches = app?.metadata.deleted === null && needsFetch(app);
    return fetches ? `templates of ${app.metadata.namespace}` : this.#use.placesOf(key);
  }

  #forget(key: string, uid: string): void {
    this.#seen.delete(key);
    this.#written.delete(key);
    this.#keyByUid.delete(uid);
    this.#kept.delete(key);
    for (const other of this.#needs.waitingFor(key, "")) this.#controller.enqueue(other);
    this.#needs.set(key, []);
    this.#useClusters(key, []);
    for (const other of this.#kept) this.#controller.enqueue(other);
  }

  /** Nothing is watched on a cluster without an application. */
  #useClusters(key: string, places: readonly string[]): void {
    for (const cluster of this.#use.set(key, places)) void this.#dropView(cluster);
  }

  /** From memory, but never older than what was written last; for a deletion always the newest, as it is the last look. */
  async #read(key: string): Promise<Application | undefined> {
    const { resources } = this.#parts;
    if (this.#unrecorded.has(key)) return await resources.of(ApplicationKind).get(parseRef(key));
    const app = resources.feed(ApplicationKind).objects.get(key);
    if (!app) return undefined;
    const written = this.#written.get(key);
    const isBehind = written?.uid === app.metadata.uid && statusRevision(app) < written.revision;
    if (!isBehind) this.#written.delete(key);
    if (!isBehind && app.metadata.deleted === null) return app;
    return await resources.of(ApplicationKind).get(parseRef(key));
  }

  #wrote(key: string, app: Application): void {
    this.#written.set(key, { uid: app.metadata.uid, revision: statusRevision(app) });
  }

  /** Another kubeconfig, or a cluster that comes back: everything that has to do with it is looked at again. */
  #clusterChanged({ type, key, object: cluster }: FeedEvent<Cluster>): void {
    const digest = type === "DELETED" ? "" : clusterDigest(cluster);
    if (this.#clusterSeen.get(key) === digest) return;
    if (type === "DELETED") {
      this.#clusterSeen.delete(key);
      void this.#dropView(key);
      this.#parts.kubes.drop(key);
    } else this.#clusterSeen.set(key, digest);
    for (const appKey of this.#use.usersOf(key)) this.#controller.enqueue(appKey);
  }

  #othersIn(place: {
    readonly cluster: ResourceRef;
    readonly namespace: string;
    readonly uid: string;
  }): readonly string[] {
    const { cluster, namespace, uid } = place;
    const all = [...this.#parts.resources.feed(ApplicationKind).objects];
    return all
      .filter(([, app]) => app.metadata.uid !== uid && livesIn(app, cluster, namespace))
      .map(([key]) => key);
  }

  #cluster(ref: ResourceRef): Cluster | undefined {
    return this.#parts.resources.feed(ClusterKind).objects.get(refKey(ref));
  }

  async #view(ref: ResourceRef): Promise<ClusterView> {
    const key = refKey(ref);
    const version = connectionVersion(ref, this.#parts.resources);
    const known = this.#views.get(key);
    if (known?.version === version) return await known.view;
    const entry = { version, view: this.#openView(ref) };
    this.#views.set(key, entry);
    if (known) void closeView(known.view);
    try {
      return await entry.view;
    } catch (error) {
      if (this.#views.get(key) === entry) this.#views.delete(key);
      throw error;
    }
  }

  async #openView(ref: ResourceRef): Promise<ClusterView> {
    const { resources, log } = this.#parts;
    const { clock, random } = resources.parts;
    const kube = await connectTo(ref, this.#parts);
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

/** What the application, or whoever asks for another attempt, has to say about its end: it is waited for. */
function shutdownText({ status }: Application): string {
  const reason = conditionOf(status.conditions, "Shutdown")?.reason;
  const ready = status.copies.filter(({ shutdown }) => shutdown?.state === "ready").length;
  return `${reason === "Retried" ? reason : ""} ${ready}`;
}

/** A view that never came to be needs no closing; whoever asked for it was told why. */
async function closeView(view: Promise<ClusterView>): Promise<void> {
  try {
    await (await view)[Symbol.asyncDispose]();
  } catch {
    return;
  }
}

/**
 * What of a cluster matters to the applications on it: its credentials, whether it is taken away, whether it answers, what it
 * serves, and the labels that overrides look at.
 */
function clusterDigest(cluster: Cluster): string {
  const { uid, generation, deleted, labels } = cluster.metadata;
  const reachable = conditionOf(cluster.status.conditions, "Reachable");
  const { status, observed_generation: observed } = reachable ?? {};
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    uid,
    generation,
    deleted,
    status,
    observed,
    ...cluster.status.served_kinds,
    ...texts,
  ].join(" ");
}

/** By the books, so that it holds also for what nobody has looked at since this process began. */
function livesIn({ status }: Application, cluster: ResourceRef, namespace: string): boolean {
  return status.copies.some(
    (copy) =>
      refKey(copy.cluster) === refKey(cluster) &&
      [...withoutMigration(copy).objects, ...(copy.hooks?.objects ?? [])].some(
        (item) => item.namespace === namespace,
      ),
  );
}
