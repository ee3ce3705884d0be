import type { Cluster } from "@octoplane/kinds/cluster";
import type { MetricRef } from "@octoplane/kinds/metric-ref";
import { GlobalMetricKind, MetricKind, type Metric } from "@octoplane/kinds/metric";
import {
  GlobalMetricsProviderKind,
  MetricsProviderKind,
  type MetricsProvider,
} from "@octoplane/kinds/metrics-provider";
import type { MetricReading } from "@octoplane/placement/candidate";
import type { KindFeed } from "@octoplane/resources/kind-feed";
import { refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import type { Clock } from "@octoplane/shared/clock";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { limits } from "@octoplane/shared/limits";
import { MetricSource } from "./metric-source.ts";
import type { FetchValues } from "./provider.ts";
import { readMetric } from "./readings.ts";

export type Fetchers = Readonly<Record<MetricsProvider["spec"]["type"], FetchValues>>;

/** The metric kinds of one scope: a namespaced metric finds its provider in its namespace, a global one among the global. */
interface Scope {
  readonly metrics: KindFeed<Metric>;
  readonly providers: KindFeed<MetricsProvider>;
  readonly sources: Map<string, MetricSource>;
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
    };
    this.#global = {
      metrics: resources.feed(GlobalMetricKind),
      providers: resources.feed(GlobalMetricsProviderKind),
      sources: new Map(),
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
      this.#unlisten.push(scope.metrics.listen(changed), scope.providers.listen(changed));
      this.#align(scope);
    }
  }

  /** The readings of all metrics that a cluster names; `undefined` while one of them is being fetched for the first time. */
  readings(cluster: Cluster): readonly MetricReading[] | undefined {
    const readings: MetricReading[] = [];
    for (const ref of cluster.spec.metrics) {
      const reading = this.#read(ref, cluster.metadata.namespace ?? "");
      if (!reading) return undefined;
      readings.push(reading);
    }
    return readings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await disposeAll([...this.#namespaced.sources.values(), ...this.#global.sources.values()]);
  }

  #read(ref: MetricRef, namespace: string): MetricReading | undefined {
    const scope = ref.namespaced ? this.#namespaced : this.#global;
    const keyOf = (name: string): string =>
      refText(ref.namespaced ? { namespace, name } : { name });
    const metric = scope.metrics.objects.get(keyOf(ref.name));
    const providerKey = metric && keyOf(metric.spec.provider.name);
    const facts = {
      metric,
      providerExists: providerKey !== undefined && scope.providers.objects.has(providerKey),
      known:
        metric && providerKey !== undefined
          ? scope.sources.get(providerKey)?.known(metric.spec.provider.metric)
          : undefined,
    };
    return readMetric(ref, facts, { now: this.#clock.now(), freshMs: limits.metricsFreshMs });
  }

  /** One source per provider that some metric uses; the others end. */
  #align(scope: Scope): void {
    const wanted = new Map<string, string[]>();
    for (const metric of scope.metrics.objects.values()) {
      const { namespace } = metric.metadata;
      const { name, metric: expression } = metric.spec.provider;
      const key = refText(namespace === null ? { name } : { namespace, name });
      const names = wanted.get(key);
      if (names) names.push(expression);
      else wanted.set(key, [expression]);
    }
    for (const [key, source] of scope.sources) {
      if (wanted.has(key) && scope.providers.objects.has(key)) continue;
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
        fetch: (spec, names, signal) => this.#fetchers[spec.type](spec, names, signal),
        clock: this.#clock,
        intervalMs: this.#intervalMs,
        onChange: this.#onChange,
      });
      scope.sources.set(key, source);
    }
    return source;
  }
}
