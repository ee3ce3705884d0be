import type { Cluster } from "@octoplane/kinds/cluster";
import { measureCluster, type ClusterMeasure } from "@octoplane/kinds/cluster-measure";
import { anyKind, type AnyKind } from "@octoplane/kinds/kind";
import type { MetricRef } from "@octoplane/kinds/metric-ref";
import { GlobalMetricKind, MetricKind, type Metric } from "@octoplane/kinds/metric";
import {
  GlobalMetricsProviderKind,
  MetricsProviderKind,
  type MetricsProvider,
} from "@octoplane/kinds/metrics-provider";
import type { MetricReading } from "@octoplane/placement/candidate";
import { MetricRules, type PlacementSource } from "@octoplane/placement/placement-facts";
import type { KindFeed } from "@octoplane/resources/kind-feed";
import { parseRef, refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { limits } from "@octoplane/shared/limits";
import { MetricSource, type KnownValue } from "./metric-source.ts";
import { observationOf, type Observed } from "./observation.ts";
import type { Fetched, FetchValues } from "./provider.ts";
import { readMetric, type MetricFacts } from "./readings.ts";

type ProviderSpec = MetricsProvider["spec"];

/** A provider of type `cluster` is asked nothing: its values stand in the clusters' own status. */
export type Fetchers = Readonly<Record<Exclude<ProviderSpec["type"], "cluster">, FetchValues>>;

/** The metric kinds of one scope: a namespaced metric finds its provider in its namespace, a global one among the global. */
interface Scope {
  readonly metrics: KindFeed<Metric>;
  readonly providers: KindFeed<MetricsProvider>;
  readonly sources: Map<string, MetricSource>;
  readonly kind: AnyKind;
  /** The provider's specification with its credentials readable. */
  reveal(key: string): Promise<ProviderSpec>;
}

/**
 * Every metric's newest value, kept by one background poll per provider. Tells whoever listens when any value, metric or
 * provider has changed.
 */
export class MetricBook implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #fetchers: Fetchers;
  readonly #intervalMs: number;
  readonly #onChange: () => void;
  readonly #namespaced: Scope;
  readonly #global: Scope;
  #unlisten: (() => void)[] = [];
  #rules: MetricRules | undefined;
  #rulesVersion = 0;

  constructor(
    resources: Resources,
    options: {
      readonly clock: Clock;
      readonly fetchers: Fetchers;
      readonly intervalMs: number;
      readonly onChange: () => void;
    },
  ) {
    this.#clock = options.clock;
    this.#fetchers = options.fetchers;
    this.#intervalMs = options.intervalMs;
    this.#onChange = options.onChange;
    this.#namespaced = {
      metrics: resources.feed(MetricKind),
      providers: resources.feed(MetricsProviderKind),
      sources: new Map(),
      kind: anyKind(MetricKind),
      reveal: async (key) => (await resources.of(MetricsProviderKind).reveal(parseRef(key))).spec,
    };
    this.#global = {
      metrics: resources.feed(GlobalMetricKind),
      providers: resources.feed(GlobalMetricsProviderKind),
      sources: new Map(),
      kind: anyKind(GlobalMetricKind),
      reveal: async (key) =>
        (await resources.of(GlobalMetricsProviderKind).reveal(parseRef(key))).spec,
    };
  }

  async start(): Promise<void> {
    for (const scope of [this.#namespaced, this.#global]) {
      await Promise.all([scope.metrics.ready(), scope.providers.ready()]);
      const changed = (events: readonly unknown[]): void => {
        if (events.length === 0) return;
        this.#align(scope);
        this.#onChange();
      };
      const forget = (): void => {
        this.#rules = undefined;
        this.#rulesVersion += 1;
      };
      this.#unlisten.push(
        scope.metrics.listen(forget),
        scope.metrics.listen(changed),
        scope.providers.listen(changed),
      );
      this.#align(scope);
    }
  }

  /** The readings of all metrics that a cluster names; `undefined` while one of them is being fetched for the first time. */
  readings(cluster: Cluster): readonly MetricReading[] | undefined {
    return this.readingsOf(cluster.spec.metrics, cluster.metadata.namespace, cluster);
  }

  /** The same of metrics that anything else names; only a cluster has values of its own. */
  readingsOf(
    metrics: readonly MetricRef[],
    namespace: string | null,
    cluster?: Cluster,
  ): readonly MetricReading[] | undefined {
    const readings: MetricReading[] = [];
    for (const ref of metrics) {
      const reading = this.#read(ref, namespace, cluster);
      if (!reading) return undefined;
      readings.push(reading);
    }
    return readings;
  }

  /** What the metric of an objective says of itself. */
  rule(
    namespace: string,
    objective: Parameters<PlacementSource["rule"]>[1],
  ): ReturnType<PlacementSource["rule"]> {
    this.#rules ??= new MetricRules([
      ...this.#namespaced.metrics.objects.values(),
      ...this.#global.metrics.objects.values(),
    ]);
    return this.#rules.of(namespace, objective);
  }

  /** Another number when a metric has come, gone or changed. */
  get rulesVersion(): number {
    return this.#rulesVersion;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await disposeAll([...this.#namespaced.sources.values(), ...this.#global.sources.values()]);
  }

  /** True when a metric that the cluster names is read from the cluster itself. */
  isMeasured(cluster: Cluster): boolean {
    return cluster.spec.metrics.some((ref) => {
      const { scope, metric } = this.#find(ref, cluster.metadata.namespace);
      return metric !== undefined && this.#lookUp(scope, metric).type === "cluster";
    });
  }

  /** What is known of every metric, whether a cluster names it or not; those still being fetched are left out. */
  observations(): readonly Observed[] {
    const when = { now: this.#clock.now(), freshMs: limits.metricsFreshMs };
    return [this.#namespaced, this.#global].flatMap((scope) =>
      [...scope.metrics.objects.values()].flatMap((metric) => {
        const { type, facts } = this.#lookUp(scope, metric);
        const observation = observationOf({ metric, type, facts, when });
        return observation ? [{ kind: scope.kind, metric, observation }] : [];
      }),
    );
  }

  #read(
    ref: MetricRef,
    namespace: string | null,
    cluster: Cluster | undefined,
  ): MetricReading | undefined {
    const { scope, metric } = this.#find(ref, namespace);
    const when = { now: this.#clock.now(), freshMs: limits.metricsFreshMs };
    if (!metric) {
      return readMetric(ref, { metric, providerExists: false, known: undefined }, when);
    }
    const { type, facts } = this.#lookUp(scope, metric);
    if (type !== "cluster") return readMetric(ref, facts, when);
    const measured = cluster
      ? measureCluster(cluster, metric.spec.provider.metric, when.now)
      : notMeasured;
    const reading = readMetric(ref, { ...facts, known: knownOf(measured, when.now) }, when);
    return reading?.ok === true ? { ...reading, isOwn: true } : reading;
  }

  #find(
    { name, namespaced }: MetricRef,
    namespace: string | null,
  ): { readonly scope: Scope; readonly metric: Metric | undefined } {
    const scope = namespaced ? this.#namespaced : this.#global;
    const ref = namespaced ? { namespace: namespace ?? "", name } : { name };
    return { scope, metric: scope.metrics.objects.get(refText(ref)) };
  }

  #lookUp(
    scope: Scope,
    metric: Metric,
  ): { readonly type: ProviderSpec["type"] | null; readonly facts: MetricFacts } {
    const key = providerKeyOf(metric);
    const provider = scope.providers.objects.get(key);
    const known = scope.sources.get(key)?.known(metric.spec.provider.metric);
    const facts = { metric, providerExists: provider !== undefined, known };
    return { type: provider?.spec.type ?? null, facts };
  }

  /** One source per provider that some metric uses; the others end. */
  #align(scope: Scope): void {
    const wanted = new Map<string, string[]>();
    for (const metric of scope.metrics.objects.values()) {
      const key = providerKeyOf(metric);
      const type = scope.providers.objects.get(key)?.spec.type;
      if (type === undefined || type === "cluster") continue;
      const expression = metric.spec.provider.metric;
      const names = wanted.get(key);
      if (names) names.push(expression);
      else wanted.set(key, [expression]);
    }
    for (const [key, source] of scope.sources) {
      if (wanted.has(key)) continue;
      scope.sources.delete(key);
      void source[Symbol.asyncDispose]();
    }
    for (const [key, names] of wanted) {
      const provider = scope.providers.objects.get(key);
      if (provider) this.#sourceFor(scope, key, provider).want(provider.spec, [...new Set(names)]);
    }
  }

  #sourceFor(scope: Scope, key: string, provider: MetricsProvider): MetricSource {
    let source = scope.sources.get(key);
    if (!source) {
      source = new MetricSource(provider.spec, {
        fetch: (_spec, names, signal) => this.#fetch(scope, key, { names, signal }),
        clock: this.#clock,
        intervalMs: this.#intervalMs,
        onChange: this.#onChange,
      });
      scope.sources.set(key, source);
    }
    return source;
  }

  /** Credentials are opened for this one fetch. */
  async #fetch(
    scope: Scope,
    key: string,
    { names, signal }: { readonly names: readonly string[]; readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string, Fetched>> {
    const spec = await scope.reveal(key);
    if (spec.type === "cluster") throw failure("Conflict", "the provider is another one now");
    return await this.#fetchers[spec.type](spec, names, signal);
  }
}

/** The key of a metric's provider, in the metric's own scope. */
function providerKeyOf({ metadata, spec }: Metric): string {
  const { namespace } = metadata;
  const { name } = spec.provider;
  return refText(namespace === null ? { name } : { namespace, name });
}

const notMeasured: ClusterMeasure = {
  ok: false,
  code: "INVALID_METRIC",
  message: "only clusters are measured, and this is none",
};

function knownOf(measured: ClusterMeasure, now: number): KnownValue {
  return measured.ok
    ? { value: measured.value, time: now, fetched: now, trouble: undefined }
    : { value: undefined, time: now, fetched: now, trouble: measured };
}
