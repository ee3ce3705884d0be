import { describe, expect, it } from "vitest";
import type { Cluster } from "./cluster.ts";
import { clusterMeasureNames, measureCluster } from "./cluster-measure.ts";

const capacity = { cpu_cores: 8, memory_bytes: 2 ** 34, pods: 220, nodes: 4, nodes_ready: 3 };

function cluster(status: object = {}): Cluster {
  const pressed = [{ type: "MemoryPressure", status: "True", reason: null, message: null }];
  const nodes = [[], pressed].map((conditions) => ({ status: { conditions } }));
  const whole = { capacity, conditions: [], nodes, ...status };
  return { metadata: { name: "berlin" }, status: whole } as unknown as Cluster;
}

describe("what is measured of a cluster", () => {
  it("has a number under each of its names", () => {
    const found = clusterMeasureNames.map((name) => [name, measureCluster(cluster(), name)]);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(
        Object.entries({
          ...capacity,
          nodes_not_ready: 1,
          nodes_ready_share: 0.75,
          nodes_under_pressure: 1,
        }).map(([name, value]) => [name, { ok: true, value }]),
      ),
    );
  });

  it("is told to be unknown under any other name, for a cluster that is silent, or without nodes", () => {
    const lost = { type: "Reachable", status: "False" };
    for (const [name, status, code, message] of [
      ["toString", {}, "INVALID_METRIC", "clusters have no toString; there is cpu_cores"],
      ["pods", { conditions: [lost] }, "UNREACHABLE_METRICS_PROVIDER", "berlin does not answer"],
      ["pods", { capacity: null }, "UNREACHABLE_METRICS_PROVIDER", "the nodes of berlin are not"],
    ] as const) {
      const measured = measureCluster(cluster(status), name);
      expect(measured).toMatchObject({ ok: false, code });
      expect(measured.ok ? "" : measured.message).toContain(message);
    }
    const empty = { capacity: { ...capacity, nodes: 0, nodes_ready: 0 } };
    expect(measureCluster(cluster(empty), "nodes_ready_share")).toEqual({ ok: true, value: 0 });
  });
});
