import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { conditionOf } from "@octoplane/kinds/condition";
import { Controller } from "@octoplane/reconcile/controller";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { PlacementGroups } from "@octoplane/placement/groups/placement-groups";
import { encodeItem, type FleetSettings } from "@octoplane/placement/fleet";
import { FleetJournal } from "@octoplane/resources/fleet-journal";
import { parseRef } from "@octoplane/resources/keys";
import { statusRevision } from "@octoplane/resources/record";
import type { Resources } from "@octoplane/resources/resources";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { disposeAll, type Running } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import { CalmBook } from "./calm-book.ts";
import { CandidateBook } from "./candidate-book.ts";
import {
  putCluster,
  removeCluster,
  type ClusterBooks,
  type ClusterChange,
} from "./cluster-change.ts";
import type { SchedulerConfig } from "./config.ts";
import { decisionDigest } from "./decision-digest.ts";
import { fleetViewer, type SchedulerFleet } from "./fleet-view.ts";
import { Clouds } from "./clouds/clouds.ts";
import { isAheadOfClusters } from "./late-clusters.ts";
import { MetricBook } from "./metrics/metric-book.ts";
import { openFetchers } from "./metrics/metric-fetchers.ts";
import { MetricRecorder } from "./metrics/metric-recorder.ts";
import { withMetricsCondition } from "./metrics-condition.ts";
import { Standings } from "./standings.ts";
import { withTaintTimes } from "./taint-times.ts";
import { reconcileApplication, type SchedulerWorld } from "./reconcile-application.ts";

export interface SchedulerParts {
  readonly resources: Resources;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts the scheduler: feeds, background metrics, and one controller each for applications and clusters. */
export async function start(config: SchedulerConfig, parts: SchedulerParts): Promise<Running> {
  const scheduler = new Scheduler(config, parts);
  await scheduler.start();
  return scheduler;
}

class Scheduler implements Running {
  readonly #parts: SchedulerParts;
  readonly #book: MetricBook;
  readonly #recorder: MetricRecorder;
  readonly #candidates = new CandidateBook();
  readonly #standings = new Standings((keys) => this.#wake(keys));
  readonly #fleet: FleetJournal<SchedulerFleet>;
  readonly #calm: CalmBook;
  readonly #clouds: Clouds;
  readonly #groups: PlacementGroups;
  readonly #applications: Controller;
  readonly #clusters: Controller;
  readonly #closeFetch: () => Promise<void>;
  /** What a decision depends on of each application; a change of anything else wakes nobody. */
  readonly #seen = new Map<string, string>();
  #unlisten: (() => void)[] = [];
  /** Of the metrics when applications that name them were last looked at. */
  #rulesVersion = 0;

  constructor(config: SchedulerConfig, parts: SchedulerParts) {
    const { resources, log, metrics } = parts;
    const { clock, random } = resources.parts;
    this.#parts = parts;
    const { fetchers, close } = openFetchers(config.metrics.allowed_hosts);
    this.#closeFetch = close;
    this.#book = new MetricBook(resources, {
      clock,
      fetchers,
      intervalMs: config.metrics.interval * 1_000,
      onChange: () => this.#metricsChanged(),
    });
    this.#recorder = new MetricRecorder({
      store: resources.parts.store,
      clock,
      log,
      observe: () => this.#book.observations(),
    });
    const settings: FleetSettings = {
      stickiness: config.stickiness,
      rescheduleAfterMs: config.reschedule_after * 1_000,
    };
    this.#fleet = new FleetJournal({
      store: resources.parts.store,
      clock,
      random,
      log,
      look: fleetViewer(this.#candidates, settings, (namespace) => ({
        calm: this.#calm.sharedBy(namespace, clock.now()),
        ...this.#clouds.factsOf(namespace),
      })),
      encode: encodeItem,
    });
    this.#calm = new CalmBook(resources, {
      config,
      log,
      metrics,
      rule: (namespace, objective) => this.#book.rule(namespace, objective),
      onBrake: (namespace) => this.#wakeNamespace(namespace),
    });
    this.#clouds = this.#openClouds(config);
    this.#groups = new PlacementGroups(config.stickiness, (app) => this.#calm.placementOf(app));
    const world = this.#worldOf(settings);
    const shared = { clock, random, log, metrics };
    this.#applications = new Controller({
      ...shared,
      name: "scheduler-applications",
      workers: limits.decisionsAtOnceMax,
      reconcile: (key) => reconcileApplication(world, key),
    });
    this.#clusters = new Controller({
      ...shared,
      name: "scheduler-clusters",
      reconcile: (key) => this.#writeMetricsCondition(key),
    });
  }

  /** What the reconcile of an application has at hand. */
  #worldOf(settings: FleetSettings): SchedulerWorld {
    const { resources } = this.#parts;
    const clusters = resources.of(ClusterKind);
    return {
      applications: resources.feed(ApplicationKind),
      repository: resources.of(ApplicationKind),
      fleet: this.#fleet,
      clock: resources.parts.clock,
      settings,
      standings: this.#standings,
      calm: this.#calm,
      clouds: this.#clouds,
      groups: this.#groups,
      isAheadOfClusters: (app) =>
        isAheadOfClusters({ clusters, candidates: this.#candidates }, app),
      written: new Map(),
    };
  }

  #openClouds({ automatic_cluster_creation: config }: SchedulerConfig): Clouds {
    const { resources, log, metrics } = this.#parts;
    return new Clouds(resources, {
      config,
      log,
      metrics,
      book: this.#book,
      onHeirs: (keys) => this.#putClusters(keys),
      onClouds: (namespace) => this.#cloudsChanged(namespace),
      wake: (keys) => this.#wake(keys),
    });
  }

  async start(): Promise<void> {
    const { resources } = this.#parts;
    const applications = resources.feed(ApplicationKind);
    const clusters = resources.feed(ClusterKind);
    await Promise.all([
      applications.ready(),
      clusters.ready(),
      this.#calm.ready(),
      this.#clouds.ready(),
      this.#book.start(),
    ]);
    this.#recorder.start();
    this.#fleet.start();
    this.#unlisten = [
      clusters.listen((events) => events.forEach((event) => this.#clusterChanged(event))),
      applications.listen((events) => events.forEach((event) => this.#applicationChanged(event))),
      ...this.#calm.listen((name, namespace) => this.#policyChanged(name, namespace)),
    ];
    // Before the first decision: what was moved before the restart counts.
    for (const [key, app] of applications.objects) this.#calm.put(key, app);
    // And what clusters inherit has to be known before they are.
    this.#clouds.start();
    for (const [key, cluster] of clusters.objects) this.#putCluster(key, cluster);
    // Before the first decision, all that stands somewhere has to be known.
    for (const [key, app] of applications.objects) {
      this.#standings.put(key, app, statusRevision(app));
    }
    for (const [key, object] of applications.objects) {
      this.#applicationChanged({ type: "ADDED", key, object, revision: 0n });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    this.#calm[Symbol.dispose]();
    await disposeAll([
      { [Symbol.asyncDispose]: this.#closeFetch },
      this.#book,
      this.#recorder,
      this.#clouds,
      this.#clusters,
      this.#applications,
      this.#fleet,
    ]);
  }

  #applicationChanged({ type, key, object: app }: FeedEvent<Application>): void {
    if (type === "DELETED") {
      this.#seen.delete(key);
      this.#calm.moves.forget(key);
      this.#standings.remove(key);
      this.#groups.remove(key);
      this.#clouds.putApplication(key, undefined);
      return;
    }
    this.#calm.put(key, app);
    this.#clouds.putApplication(key, app);
    this.#standings.put(key, app, statusRevision(app));
    this.#groups.put(key, app);
    const digest = decisionDigest(app);
    if (this.#seen.get(key) === digest) return;
    this.#seen.set(key, digest);
    this.#applications.enqueue(key);
  }

  #clusterChanged({ type, key, object: cluster }: FeedEvent<Cluster>): void {
    if (type !== "DELETED") return this.#putCluster(key, cluster);
    const namespace = cluster.metadata.namespace ?? "";
    this.#calm.brakes.remove(key, namespace);
    const time = this.#parts.resources.parts.clock.now();
    this.#wakeConcerned(namespace, removeCluster(this.#books, key, time));
    this.#clouds.putCluster(key, undefined);
  }

  get #books(): ClusterBooks {
    return { candidates: this.#candidates, standings: this.#standings, groups: this.#groups };
  }

  #putCluster(key: string, cluster: Cluster): void {
    this.#calm.brakes.put(key, cluster);
    const namespace = cluster.metadata.namespace ?? "";
    const whole = this.#clouds.inherited(cluster);
    const readings = this.#book.readings(whole);
    const time = this.#parts.resources.parts.clock.now();
    const change = putCluster(this.#books, key, { cluster: whole, readings, time });
    this.#wakeConcerned(namespace, change);
    this.#clouds.putCluster(key, cluster);
    this.#clusters.enqueue(key);
  }

  /** A metric, its provider or its value: every cluster that names metrics is read again. */
  #metricsChanged(): void {
    // Before the start not everything is known, and then everything is looked at.
    if (this.#unlisten.length === 0) return;
    this.#clouds.metricsChanged();
    for (const [key, cluster] of this.#parts.resources.feed(ClusterKind).objects) {
      if (this.#clouds.inherited(cluster).spec.metrics.length > 0) this.#putCluster(key, cluster);
    }
    if (this.#rulesVersion === this.#book.rulesVersion) return;
    this.#rulesVersion = this.#book.rulesVersion;
    this.#groups.rulesChanged();
    for (const [key, { spec }] of this.#parts.resources.feed(ApplicationKind).objects) {
      if (spec.placement !== undefined) this.#applications.enqueue(key);
    }
  }

  #putClusters(keys: readonly string[]): void {
    const { objects } = this.#parts.resources.feed(ClusterKind);
    for (const key of keys) {
      const cluster = objects.get(key);
      if (cluster) this.#putCluster(key, cluster);
    }
  }

  /** Those who may want a new cluster are woken by whoever says so. */
  #cloudsChanged(namespace: string | null): void {
    for (const touched of this.#candidates.touch(namespace)) this.#fleet.changed(touched);
  }

  #wake(keys: Iterable<string>): void {
    for (const key of keys) this.#applications.enqueue(key);
  }

  /** Everybody who names it, and may get it: one of the namespace comes before a global one. */
  #policyChanged(name: string, namespace: string | null): void {
    const { objects } = this.#parts.resources.feed(ApplicationKind);
    this.#groups.rulesChanged();
    for (const [key, { spec, metadata }] of objects) {
      const isMeant = namespace === null || metadata.namespace === namespace;
      if (isMeant && spec.placement?.policy === name) this.#applications.enqueue(key);
    }
  }

  #wakeConcerned(namespace: string, { isNews, concerned }: ClusterChange): void {
    if (isNews) this.#fleet.changed(namespace);
    this.#wake(concerned);
  }

  #wakeNamespace(namespace: string): void {
    this.#fleet.changed(namespace);
    const { objects } = this.#parts.resources.feed(ApplicationKind);
    for (const [key, app] of objects) {
      if (app.metadata.namespace === namespace) this.#applications.enqueue(key);
    }
  }

  async #writeMetricsCondition(key: string): Promise<void> {
    const { resources } = this.#parts;
    const stored = resources.feed(ClusterKind).objects.get(key);
    const cluster = stored && this.#clouds.inherited(stored);
    const readings = cluster && this.#book.readings(cluster);
    if (!cluster || !readings) return;
    // What it has is not known before its first probe: that is no failure, and nothing to tell of.
    const isProbed = conditionOf(cluster.status.conditions, "Reachable") !== undefined;
    if (!isProbed && this.#book.isMeasured(cluster)) return;
    const change = (current: Cluster) => {
      const { generation } = current.metadata;
      const now = isoTime(resources.parts.clock.now());
      const measured = withMetricsCondition({ status: current.status, generation }, readings, now);
      const status = withTaintTimes(measured ?? current.status, current.spec, now) ?? measured;
      return status && { status };
    };
    await resources
      .of(ClusterKind)
      .updateStatus(parseRef(key), cluster.metadata.uid, change, stored);
  }
}
