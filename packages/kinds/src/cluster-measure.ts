import { conditionOf } from "./condition.ts";
import type { Cluster } from "./cluster.ts";

/** What a provider of type `cluster` gives: numbers that the cluster controller reports of every cluster. */

type Capacity = NonNullable<Cluster["status"]["capacity"]>;

type Measure = (capacity: Capacity, cluster: Cluster) => number | undefined;

const dayMs = 86_400_000;

const measures: Readonly<Record<string, Measure>> = {
  cpu_cores: ({ cpu_cores }) => cpu_cores,
  memory_bytes: ({ memory_bytes }) => memory_bytes,
  pods: ({ pods }) => pods,
  nodes: ({ nodes }) => nodes,
  nodes_ready: ({ nodes_ready }) => nodes_ready,
  nodes_not_ready: ({ nodes, nodes_ready }) => nodes - nodes_ready,
  nodes_ready_share: ({ nodes, nodes_ready }) => (nodes === 0 ? 0 : nodes_ready / nodes),
  nodes_under_pressure: (_capacity, { status }) =>
    status.nodes.filter((node) =>
      node.status.conditions.some(
        ({ type, status: holds }) => type.toLowerCase().endsWith("pressure") && holds === "True",
      ),
    ).length,
  "cpu.free": ({ cpu_free_cores }) => cpu_free_cores,
  "memory.free": ({ memory_free_bytes }) => memory_free_bytes,
  "pods.free": ({ pods_free }) => pods_free,
};

/** What is known also of a cluster whose nodes nobody may look at. */
const outerMeasures: Readonly<
  Record<string, (cluster: Cluster, now: number) => number | undefined>
> = {
  "api.latency": ({ status }) => status.api_latency_ms,
  "certificate.days": ({ status }, now) => {
    const end = Date.parse(status.certificate_expires ?? "");
    return Number.isNaN(end) ? undefined : Math.floor((end - now) / dayMs);
  },
};

export const clusterMeasureNames: readonly string[] = [
  ...Object.keys(measures),
  ...Object.keys(outerMeasures),
];

export type ClusterMeasure =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** One number of one cluster, or why there is none. `now` is in milliseconds since the epoch. Pure. */
export function measureCluster(cluster: Cluster, name: string, now: number): ClusterMeasure {
  const measure = Object.hasOwn(measures, name) ? measures[name] : undefined;
  const outer = Object.hasOwn(outerMeasures, name) ? outerMeasures[name] : undefined;
  if (!measure && !outer) {
    const message = `clusters have no ${name}; there is ${clusterMeasureNames.join(", ")}`;
    return { ok: false, code: "INVALID_METRIC", message };
  }
  const { capacity, conditions } = cluster.status;
  if (conditionOf(conditions, "Reachable")?.status === "False") {
    const message = `${cluster.metadata.name} does not answer`;
    return { ok: false, code: "UNREACHABLE_METRICS_PROVIDER", message };
  }
  if (capacity === null && !outer) {
    const message = `the nodes of ${cluster.metadata.name} are not known`;
    return { ok: false, code: "UNREACHABLE_METRICS_PROVIDER", message };
  }
  const value = outer ? outer(cluster, now) : capacity && measure?.(capacity, cluster);
  if (value === undefined || value === null) {
    const message = `${name} of ${cluster.metadata.name} is not known`;
    return { ok: false, code: "UNREACHABLE_METRICS_PROVIDER", message };
  }
  return { ok: true, value };
}
