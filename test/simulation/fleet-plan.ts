import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import { GlobalMetricKind, type Metric } from "@octoplane/kinds/metric";
import type { Taint } from "@octoplane/kinds/taint";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { isoTime } from "@octoplane/shared/clock";
import { chanceOf } from "./chance.ts";

/** The clusters of the simulated fleet and the metrics that they name, as the API would store them. */

export const namespace = "sim";
/** A Monday. */
export const dayStart = Date.parse("2026-03-02T00:00:00Z");
export const regions = ["berlin", "dublin", "helsinki", "madrid", "oslo"] as const;
export type Region = (typeof regions)[number];

const gibi = 2 ** 30;
/** The provider whose numbers stand in the clusters' own status. */
export const ownProvider = "own";

export interface ClusterPlan {
  readonly cluster: Cluster;
  readonly region: Region;
  /** What others than our applications request there. */
  readonly others: {
    readonly cpuCores: number;
    readonly memoryBytes: number;
    readonly pods: number;
  };
}

export interface FleetPlan {
  readonly clusters: readonly ClusterPlan[];
  readonly metrics: ReadonlyMap<string, Metric>;
  /** Those that are asked over the network, and can fail. */
  readonly providers: readonly string[];
}

export function planFleet(seed: number, count: number): FleetPlan {
  const chance = chanceOf(seed, "fleet");
  const clusters = Array.from({ length: count }, (_, index): ClusterPlan => {
    const region = regions[index % regions.length]!;
    const cpuCores = chance.whole(12, 40);
    const memoryBytes = cpuCores * 4 * gibi;
    const others = {
      cpuCores: Math.round(cpuCores * chance.between(0, 0.3)),
      memoryBytes: Math.round(memoryBytes * chance.between(0, 0.3)),
      pods: chance.whole(5, 20),
    };
    const pods = 110;
    const size = { cpuCores, memoryBytes, pods };
    return {
      cluster: clusterOf(index, { region, size, isMeasured: index % 3 === 0 }),
      region,
      others,
    };
  });
  const metrics = [
    ...clusters.flatMap(({ cluster, region }) => metricsOfCluster(cluster.metadata.name, region)),
    ...regions.map((region) =>
      metric(`carbon-${region}`, {
        min: 0,
        max: 800,
        direction: "lower",
        counts_as: "carbon",
        unit: "gCO2/kWh",
        when_stale: "neutral",
        max_age: 1_800,
        provider: { name: "grid", metric: region },
      }),
    ),
    metric("room", { min: -100, max: 100, provider: { name: ownProvider, metric: "cpu.free" } }),
  ];
  return {
    clusters,
    metrics: new Map(metrics.map((one) => [one.metadata.name, one])),
    providers: ["grid", ...regions.flatMap((region) => [`prom-${region}`, `spot-${region}`])],
  };
}

function metricsOfCluster(name: string, region: Region): readonly Metric[] {
  const stale: Readonly<Record<Region, object>> = {
    berlin: { when_stale: "exclude" },
    dublin: { when_stale: "keep" },
    helsinki: { when_stale: "neutral" },
    madrid: { when_stale: "neutral", max_age: 900 },
    oslo: {},
  };
  return [
    metric(`price-${name}`, {
      min: 0,
      max: 1,
      direction: "lower",
      counts_as: "price",
      unit: "EUR/core-hour",
      ...stale[region],
      provider: { name: `spot-${region}`, metric: name },
    }),
    metric(`load-${name}`, {
      min: 0,
      max: 1,
      direction: "lower",
      counts_as: "load",
      provider: { name: `prom-${region}`, metric: name },
    }),
  ];
}

function metric(name: string, spec: object): Metric {
  const input = readInput(anyKind(GlobalMetricKind), {
    metadata: { name },
    spec: { allowed_values: [], ...spec },
  });
  return { ...input, metadata: { ...input.metadata, ...born(name) } } as unknown as Metric;
}

function clusterOf(
  index: number,
  facts: {
    readonly region: Region;
    readonly size: {
      readonly cpuCores: number;
      readonly memoryBytes: number;
      readonly pods: number;
    };
    readonly isMeasured: boolean;
  },
): Cluster {
  const { region, size, isMeasured } = facts;
  const name = `${region}-${String(index).padStart(2, "0")}`;
  const metrics = [
    { name: `price-${name}`, weight: 1 },
    { name: `load-${name}`, weight: 2 },
    { name: `carbon-${region}`, weight: 0.5 },
    ...(isMeasured ? [{ name: "room", weight: 1 }] : []),
  ];
  const hasGpus = index % 7 === 3;
  const taints: readonly Taint[] = [{ key: "gpu", value: "yes", effect: "NoSchedule" }];
  const labels = { region, tier: index % 3 === 0 ? "gold" : "silver", gpus: hasGpus ? "4" : "0" };
  const spec = readAs<Cluster["spec"]>(ClusterKind.fields.spec, {
    metrics,
    elastic: index % 10 === 9,
    ...(hasGpus ? { taints } : {}),
  });
  return {
    api: "kubernetes",
    kind: "Cluster",
    metadata: { ...born(name), namespace, labels },
    spec,
    status: {
      ...readAs<Cluster["status"]>(ClusterKind.status, {}),
      version: "v1.33.1",
      capacity: {
        cpu_cores: size.cpuCores,
        memory_bytes: size.memoryBytes,
        pods: size.pods,
        nodes: 3,
        nodes_ready: 3,
      },
    },
  } as unknown as Cluster;
}

/** What the server adds to the metadata of what is created. */
export function born(name: string, time = dayStart): Cluster["metadata"] {
  return {
    name,
    namespace: null,
    labels: {},
    inherit_labels: false,
    finalizers: [],
    owners: [],
    uid: `uid-${name}`,
    created: isoTime(time),
    modified: isoTime(time),
    deleted: null,
    generation: 1,
    resource_version: "1",
  };
}
