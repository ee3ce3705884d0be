import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { conditionOf } from "@octoplane/kinds/condition";
import type { NewClusterStep } from "@octoplane/kinds/decision";
import { cloudRefOf, withInherited } from "@octoplane/kinds/inherited";
import { MagnumClusterKind } from "@octoplane/kinds/magnum-cluster";
import { ProjectKind } from "@octoplane/kinds/project";
import { isAwaiting, type NewClusterFacts } from "@octoplane/placement/new-cluster-facts";
import { Controller } from "@octoplane/reconcile/controller";
import type { Resources } from "@octoplane/resources/resources";
import { disposeAll } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import type { SchedulerConfig } from "../config.ts";
import type { MetricBook } from "../metrics/metric-book.ts";
import { readClusterTemplate, type ClusterTemplate } from "./cluster-template.ts";
import { ClusterUsers } from "./cluster-users.ts";
import { createClusterFor } from "./create-cluster.ts";
import { Heirs } from "./heirs.ts";
import { reconcileMagnumCluster } from "./make-in-project.ts";
import { isToBeMade, reconcileClusterCloud } from "./make-on-cloud.ts";
import { MakerBook, type Maker } from "./maker-book.ts";
import { isUnderWay, newClusterFacts } from "./new-cluster-settings.ts";
import { retireCluster } from "./retire-cluster.ts";
import { writeMakerState } from "./write-maker-state.ts";

export interface CloudsOptions {
  readonly config: SchedulerConfig["automatic_cluster_creation"];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly book: Pick<MetricBook, "readingsOf">;
  /** What these clusters inherit has changed. */
  readonly onHeirs: (keys: readonly string[]) => void;
  /** Where clusters can be made has changed, in a namespace or (`null`) everywhere. */
  readonly onClouds: (namespace: string | null) => void;
  /** These applications have to be decided on anew. */
  readonly wake: (keys: Iterable<string>) => void;
}

/**
 * What the scheduler does about clouds and projects: it puts clusters on clouds and Magnum clusters into projects, tells what
 * clusters inherit, makes clusters for applications, and deletes those that nobody uses.
 */
export class Clouds implements AsyncDisposable {
  readonly #resources: Resources;
  readonly #options: CloudsOptions;
  readonly #makers: MakerBook;
  readonly #heirs = new Heirs();
  readonly #users = new ClusterUsers();
  /** Clusters that are to be made, and applications that would take a new one. */
  readonly #unmade = new Set<string>();
  readonly #seeking = new Set<string>();
  readonly #underWay = new Map<string, Set<string>>();
  readonly #facts = new Map<
    string,
    { readonly key: readonly unknown[]; readonly facts: NewClusterFacts }
  >();
  readonly #states: Controller;
  readonly #clusters: Controller;
  readonly #magnum: Controller;
  readonly #retirement: Controller;
  #template: ClusterTemplate | undefined;
  /** Nobody is woken before everything is known. */
  #isStarted = false;
  #unlisten: () => void = () => undefined;

  constructor(resources: Resources, options: CloudsOptions) {
    this.#resources = resources;
    this.#options = options;
    this.#makers = new MakerBook(resources, options.book, (key, maker, change) =>
      this.#makerChanged(key, maker, change === "changed"),
    );
    const { log, metrics, config } = options;
    const { clock, random } = resources.parts;
    const shared = { clock, random, log, metrics };
    const world = { resources, makers: this.#makers, clusters: resources.feed(ClusterKind) };
    const retentionMs = config.deletion_retention * 1_000;
    this.#states = new Controller({
      ...shared,
      name: "scheduler-makers",
      reconcile: (key) => writeMakerState(world, key),
    });
    this.#clusters = new Controller({
      ...shared,
      name: "scheduler-cluster-clouds",
      reconcile: (key) => reconcileClusterCloud(world, key),
    });
    this.#magnum = new Controller({
      ...shared,
      name: "scheduler-magnum-clusters",
      reconcile: (key) => reconcileMagnumCluster(world, key),
    });
    this.#retirement = new Controller({
      ...shared,
      name: "scheduler-retirement",
      reconcile: (key) => retireCluster({ resources, users: this.#users, retentionMs }, key),
    });
  }

  /** Everything about clouds is known after this; nothing is decided yet. */
  async ready(): Promise<void> {
    const magnum = this.#resources.feed(MagnumClusterKind);
    const { log, config } = this.#options;
    const file = config.tosca_file;
    const [template] = await Promise.all([
      readClusterTemplate(file),
      this.#makers.ready(),
      magnum.ready(),
    ]);
    this.#template = template;
    if (file !== null && "problem" in template) {
      log.error({ file, problem: template.problem.message }, "no clusters can be made");
    }
  }

  start(): void {
    this.#makers.start();
    const magnum = this.#resources.feed(MagnumClusterKind);
    this.#unlisten = magnum.listen((events) => {
      for (const { key } of events) this.#magnum.enqueue(key);
    });
    for (const key of magnum.objects.keys()) this.#magnum.enqueue(key);
    this.#isStarted = true;
  }

  metricsChanged(): void {
    this.#makers.refresh();
  }

  /** The cluster with what it has of its cloud. */
  inherited(cluster: Cluster): Cluster {
    return withInherited(cluster, this.#makers.cloudOf(cloudRefOf(cluster)));
  }

  /** A cluster as its feed shows it, or `undefined` when it is gone. */
  putCluster(key: string, cluster: Cluster | undefined): void {
    this.#heirs.put(key, cluster);
    this.#count(key, cluster);
    if (!cluster || cluster.spec.auto_generated) this.#wakeAwaiting(key);
    const isUnmade = cluster !== undefined && isToBeMade(cluster);
    if (isUnmade) this.#unmade.add(key);
    else this.#unmade.delete(key);
    if (isUnmade) this.#clusters.enqueue(key);
    if (cluster?.spec.auto_generated === true) this.#retirement.enqueue(key);
  }

  /** An application as its feed shows it, or `undefined` when it is gone. */
  putApplication(key: string, app: Application | undefined): void {
    if (app && seeksCluster(app)) this.#seeking.add(key);
    else this.#seeking.delete(key);
    const clusters = this.#resources.feed(ClusterKind).objects;
    for (const cluster of this.#users.put(key, app)) {
      if (clusters.get(cluster)?.spec.auto_generated === true) this.#retirement.enqueue(cluster);
    }
  }

  /**
   * Where and how clusters are made for applications of a namespace; the same object as long as nothing has changed. Nothing
   * where there is no cloud; `undefined` while metrics of clouds are being fetched for the first time.
   */
  factsOf(namespace: string): { readonly newCluster?: NewClusterFacts } | undefined {
    const list = this.#makers.clouds(namespace);
    const template = this.#template;
    if (!list || !template || !this.#isStarted) return undefined;
    if (list.length === 0) return {};
    const underWay = this.#underWay.get(namespace)?.size ?? 0;
    const key = [list, underWay];
    const known = this.#facts.get(namespace);
    if (known?.key.every((part, index) => part === key[index])) return { newCluster: known.facts };
    const facts = newClusterFacts(this.#options.config, list, { template, underWay });
    this.#facts.set(namespace, { key, facts });
    return { newCluster: facts };
  }

  /** Makes the cluster that a decision asks for. */
  async create(app: Application, step: NewClusterStep): Promise<void> {
    const template = this.#template;
    if (!template || "problem" in template) return;
    await createClusterFor(app, step, { resources: this.#resources, tosca: template.tosca });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    this.#makers[Symbol.dispose]();
    await disposeAll([this.#states, this.#clusters, this.#magnum, this.#retirement]);
  }

  #makerChanged(key: string, maker: Maker, isChanged: boolean): void {
    this.#states.enqueue(key);
    if (!isChanged || !this.#isStarted) return;
    const { namespace } = maker.metadata;
    if (maker.kind === ProjectKind.kind) {
      this.#wakeMagnum(namespace);
      return;
    }
    this.#options.onHeirs([...this.#heirs.of(key)]);
    for (const name of ofNamespace(this.#unmade, namespace)) this.#clusters.enqueue(name);
    this.#options.onClouds(namespace);
    this.#wakeSeeking(namespace);
  }

  /** Those that would take a new cluster, in a namespace or everywhere. */
  #wakeSeeking(namespace: string | null): void {
    this.#options.wake(ofNamespace(this.#seeking, namespace));
  }

  /** Those that wait for this cluster. */
  #wakeAwaiting(cluster: string): void {
    const { objects } = this.#resources.feed(ApplicationKind);
    const waiting = [...this.#users.of(cluster)].filter((name) => {
      const app = objects.get(name);
      return app !== undefined && isAwaiting(app);
    });
    this.#options.wake(waiting);
  }

  #wakeMagnum(namespace: string | null): void {
    for (const [key, { metadata, status }] of this.#resources.feed(MagnumClusterKind).objects) {
      if (metadata.namespace === namespace && status.project === null) this.#magnum.enqueue(key);
    }
  }

  #count(key: string, cluster: Cluster | undefined): void {
    const namespace = cluster?.metadata.namespace ?? key.slice(0, key.indexOf("/"));
    const keys = this.#underWay.get(namespace) ?? new Set<string>();
    const before = keys.size;
    if (cluster && isUnderWay(cluster)) keys.add(key);
    else keys.delete(key);
    if (keys.size > 0) this.#underWay.set(namespace, keys);
    else this.#underWay.delete(namespace);
    if (keys.size < before) this.#wakeSeeking(namespace);
  }
}

/** Of keys of namespaced things those of one namespace; `null`: all. */
function ofNamespace(keys: ReadonlySet<string>, namespace: string | null): readonly string[] {
  return [...keys].filter((key) => namespace === null || key.startsWith(`${namespace}/`));
}

/** True for an application that would take a new cluster: it has no place, or none fits it. */
function seeksCluster({ spec, status }: Application): boolean {
  if (!spec.auto_cluster_create) return false;
  return (
    status.scheduled_to === null || conditionOf(status.conditions, "Scheduled")?.status === "False"
  );
}
