import { conditionOf } from "./condition.ts";
import type { Cluster } from "./cluster.ts";

/** What a provider of type `cluster` gives: numbers that the cluster controller reports of every cluster. */

type Capacity = NonNullable<Cluster["status"]["capacity"]>;

const measures: Readonly<Record<string, (capacity: Capacity, cluster: Cluster) => number>> = {
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
};

export const clusterMeasureNames: readonly string[] = Object.keys(measures);

export type ClusterMeasure =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** One number of one cluster, or why there is none. Pure. */
export function measureCluster(cluster: Cluster, name: string): ClusterMeasure {
  const measure = Object.hasOwn(measures, name) ? measures[name] : undefined;
  if (!measure) {
    const message = `clusters have no ${name}; there is ${clusterMeasureNames.join(", ")}`;
    return { ok: false, code: "INVALID_METRIC", message };
  }
  const { capacity, conditions } = cluster.status;
  if (conditionOf(conditions, "Reachable")?.status === "False") {
    const message = `${cluster.metadata.name} does not answer`;
    return { ok: false, code: "UNREACHABLE_METRICS_PROVIDER", message };
  }
  if (capacity === null) {
    const message = `the nodes of ${cluster.metadata.name} are not known`;
    return { ok: false, code: "UNREACHABLE_METRICS_PROVIDER", message };
  }
  return { ok: true, value: measure(capacity, cluster) };
}
