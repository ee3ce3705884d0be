import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { conditionOf } from "@octoplane/kinds/condition";
import { Controller } from "@octoplane/reconcile/controller";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { parseRef } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { isoTime } from "@octoplane/shared/clock";
import { disposeAll, type Running } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import { CandidateBook } from "./candidate-book.ts";
import type { SchedulerConfig } from "./config.ts";
import { boundedFetch } from "./metrics/bounded-fetch.ts";
import { httpFetcher } from "./metrics/http-json.ts";
import { influxFetcher } from "./metrics/influx.ts";
import { ksqldbFetcher } from "./metrics/ksqldb.ts";
import { MetricBook, type Fetchers } from "./metrics/metric-book.ts";
import { MetricRecorder } from "./metrics/metric-recorder.ts";
import { withMetricsCondition } from "./metrics-condition.ts";
import { prometheusFetcher } from "./metrics/prometheus.ts";
import { fetchStatic } from "./metrics/static.ts";
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
  readonly #applications: Controller;
  readonly #clusters: Controller;
  readonly #closeFetch: () => Promise<void>;
  /** What a decision depends on of each application; a change of anything else wakes nobody. */
  readonly #seen = new Map<string, string>();
  #unlisten: (() => void)[] = [];

  constructor(config: SchedulerConfig, parts: SchedulerParts) {
    const { resources, log, metrics } = parts;
    const { clock, random } = resources.parts;
    this.#parts = parts;
    const { send, close } = boundedFetch(config.metrics.allowed_hosts);
    this.#closeFetch = close;
    const fetchers: Fetchers = {
      static: fetchStatic,
      prometheus: prometheusFetcher(send),
      influx: influxFetcher(send),
      kafka: ksqldbFetcher(send),
      http: httpFetcher(send),
    };
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
    const world: SchedulerWorld = {
      applications: resources.feed(ApplicationKind),
      repository: resources.of(ApplicationKind),
      candidates: this.#candidates,
      clock,
      stickiness: config.stickiness,
      rescheduleAfterMs: config.reschedule_after * 1_000,
      written: new Map(),
    };
    const shared = { clock, random, log, metrics };
    this.#applications = new Controller({
      ...shared,
      name: "scheduler-applications",
      reconcile: (key) => reconcileApplication(world, key),
    });
    this.#clusters = new Controller({
      ...shared,
      name: "scheduler-clusters",
      reconcile: (key) => this.#writeMetricsCondition(key),
    });
  }

  async start(): Promise<void> {
    const { resources } = this.#parts;
    const applications = resources.feed(ApplicationKind);
    const clusters = resources.feed(ClusterKind);
    await Promise.all([applications.ready(), clusters.ready(), this.#book.start()]);
    this.#recorder.start();
    this.#unlisten = [
      clusters.listen((events) => events.forEach((event) => this.#clusterChanged(event))),
      applications.listen((events) => events.forEach((event) => this.#applicationChanged(event))),
    ];
    for (const [key, cluster] of clusters.objects) this.#putCluster(key, cluster);
    for (const [key, object] of applications.objects) {
      this.#applicationChanged({ type: "ADDED", key, object, revision: 0n });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await disposeAll([
      { [Symbol.asyncDispose]: this.#closeFetch },
      this.#book,
      this.#recorder,
      this.#clusters,
      this.#applications,
    ]);
  }

  #applicationChanged({ type, key, object: app }: FeedEvent<Application>): void {
    if (type === "DELETED") {
      this.#seen.delete(key);
      return;
    }
    const { uid, generation, deleted } = app.metadata;
    const bound = app.status.scheduled_to;
    const digest = [uid, generation, deleted, bound?.namespace, bound?.name].join(" ");
    if (this.#seen.get(key) === digest) return;
    this.#seen.set(key, digest);
    this.#applications.enqueue(key);
  }

  #clusterChanged({ type, key, object: cluster }: FeedEvent<Cluster>): void {
    if (type !== "DELETED") return this.#putCluster(key, cluster);
    const namespace = cluster.metadata.namespace ?? "";
    if (this.#candidates.remove(key, namespace)) this.#wakeNamespace(namespace);
  }

  #putCluster(key: string, cluster: Cluster): void {
    const readings = this.#book.readings(cluster);
    if (this.#candidates.put(key, cluster, readings)) {
      this.#wakeNamespace(cluster.metadata.namespace ?? "");
    }
    this.#clusters.enqueue(key);
  }

  /** A metric, its provider or its value: every cluster that names metrics is read again. */
  #metricsChanged(): void {
    for (const [key, cluster] of this.#parts.resources.feed(ClusterKind).objects) {
      if (cluster.spec.metrics.length > 0) this.#putCluster(key, cluster);
    }
  }

  #wakeNamespace(namespace: string): void {
    const { objects } = this.#parts.resources.feed(ApplicationKind);
    for (const [key, app] of objects) {
      if (app.metadata.namespace === namespace) this.#applications.enqueue(key);
    }
  }

  async #writeMetricsCondition(key: string): Promise<void> {
    const { resources } = this.#parts;
    const cluster = resources.feed(ClusterKind).objects.get(key);
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
      .updateStatus(parseRef(key), cluster.metadata.uid, change, cluster);
  }
}
