import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { localDataOf } from "@octoplane/kinds/local-data";
import { GlobalMetricKind, MetricKind, type Metric } from "@octoplane/kinds/metric";
import type { MetricScale } from "@octoplane/kinds/metric-scale";
import { GlobalPlacementPolicyKind, PlacementPolicyKind } from "@octoplane/kinds/placement-policy";
import type { MetricReading } from "@octoplane/placement/candidate";
import type { Fleet } from "@octoplane/placement/fleet";
import { neighbourFacts } from "@octoplane/placement/neighbours/neighbour-facts";
import { standingOf } from "@octoplane/placement/neighbours/standing";
import { StandingBook } from "@octoplane/placement/neighbours/standing-book";
import { newClusterFactsFor } from "@octoplane/placement/new-cluster-facts";
import { MetricRules, placementFactsOf } from "@octoplane/placement/placement-facts";
import { requestsOfApplication, type Promised } from "@octoplane/placement/promises";
import type { Snapshot } from "@octoplane/placement/snapshot";
import type { NamedPolicy } from "@octoplane/placement/weighing";
import { refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import type { Turns } from "./long-work.ts";
import { clustersOf, PromisedSums } from "./promised-sums.ts";

/**
 * One namespace at one moment, for those who ask what if: its applications as the API has them in memory, its fleet as the
 * scheduler wrote it down. It makes the same snapshots of them as the scheduler does.
 */
export class NamespaceView {
  readonly applications: readonly Application[];
  readonly #namespace: string;
  readonly #resources: Resources;
  readonly #fleet: Fleet;
  readonly #now: number;
  readonly #book = new StandingBook();
  readonly #rules: MetricRules;
  #promises: Promised = {};

  private constructor(
    resources: Resources,
    namespace: string,
    { fleet, now }: { readonly fleet: Fleet; readonly now: number },
  ) {
    this.#resources = resources;
    this.#namespace = namespace;
    this.#fleet = fleet;
    this.#now = now;
    this.applications = [...resources.feed(ApplicationKind).objects.values()].filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.deleted === null,
    );
    this.#rules = new MetricRules(this.#metrics());
  }

  /** Looks at every application of the namespace; others have their turn meanwhile. */
  static async open(
    resources: Resources,
    namespace: string,
    parts: { readonly fleet: Fleet; readonly now: number; readonly turns: Turns },
  ): Promise<NamespaceView> {
    const view = new NamespaceView(resources, namespace, parts);
    const promised = new PromisedSums(resources.feed(ClusterKind).objects, parts.fleet.candidates);
    for (const app of view.applications) {
      const key = refText({ namespace, name: app.metadata.name });
      view.#book.put(key, standingOf(key, app, clustersOf(app)));
      promised.add(app);
      await parts.turns.next();
    }
    view.#promises = promised.sums;
    return view;
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  snapshotOf(app: Application): Snapshot {
    const placement = placementFactsOf(app, {
      policy: (_namespace, name) => this.policy(name),
      rule: (namespace, objective) => this.#rules.of(namespace, objective),
    });
    const { calm, newCluster } = this.#fleet.shared;
    const neighbours = neighbourFacts(app, this.#book);
    const { cpuCores, memoryBytes, pods } = requestsOfApplication(app);
    const asks = cpuCores + memoryBytes + pods > 0;
    const localData = app.status.scheduled_to === null ? undefined : localDataOf(app.spec.manifest);
    return {
      ...this.#fleet.settings,
      now: this.#now,
      candidates: this.#fleet.candidates,
      ...(calm === undefined ? {} : { calm }),
      ...newClusterFactsFor(app, newCluster),
      ...(placement === undefined ? {} : { placement }),
      ...(neighbours === undefined ? {} : { neighbours }),
      ...(asks && Object.keys(this.#promises).length > 0 ? { promised: this.#promises } : {}),
      ...(localData === undefined ? {} : { localData }),
    };
  }

  /** The policy of this name: the namespace's own, else the global one. */
  policy(name: string): NamedPolicy | undefined {
    const own = this.#resources
      .feed(PlacementPolicyKind)
      .objects.get(refText({ namespace: this.#namespace, name }));
    if (own) return { name, namespaced: true, spec: own.spec };
    const global = this.#resources.feed(GlobalPlacementPolicyKind).objects.get(name);
    return global && { name, namespaced: false, spec: global.spec };
  }

  /** The metric that a reading is of; `undefined` when it is gone. */
  metricOf({ name, namespaced }: Pick<MetricReading, "name" | "namespaced">): Metric | undefined {
    if (namespaced !== true) return this.#resources.feed(GlobalMetricKind).objects.get(name);
    const key = refText({ namespace: this.#namespace, name });
    return this.#resources.feed(MetricKind).objects.get(key);
  }

  scaleOf(reading: Pick<MetricReading, "name" | "namespaced">): MetricScale | undefined {
    return this.metricOf(reading)?.spec;
  }

  *#metrics(): Generator<Metric> {
    yield* this.#resources.feed(GlobalMetricKind).objects.values();
    for (const metric of this.#resources.feed(MetricKind).objects.values()) {
      if (metric.metadata.namespace === this.#namespace) yield metric;
    }
  }
}
