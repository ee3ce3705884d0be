import { describe, expect, it } from "vitest";
import type { Cluster } from "./cluster.ts";
import { clusterMeasureNames, measureCluster } from "./cluster-measure.ts";

const capacity = { cpu_cores: 8, memory_bytes: 2 ** 34, pods: 220, nodes: 4, nodes_ready: 3 };

const now = Date.parse("2026-01-01T00:00:00Z");

function cluster(status: object = {}): Cluster {
  const pressed = [{ type: "MemoryPressure", status: "True", reason: null, message: null }];
  const nodes = [[], pressed].map((conditions) => ({ status: { conditions } }));
  const whole = { capacity, conditions: [], nodes, ...status };
  return { metadata: { name: "berlin" }, status: whole } as unknown as Cluster;
}

describe("what is measured of a cluster", () => {
  it("has a number under each of its names", () => {
    const free = { cpu_free_cores: -0.5, memory_free_bytes: 2 ** 30, pods_free: 0 };
    const measured = cluster({
      capacity: { ...capacity, ...free },
      api_latency_ms: 12,
      certificate_expires: "2026-01-11T12:00:00Z",
    });
    const found = clusterMeasureNames.map((name) => [name, measureCluster(measured, name, now)]);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(
        Object.entries({
          ...capacity,
          nodes_not_ready: 1,
          nodes_ready_share: 0.75,
          nodes_under_pressure: 1,
          "cpu.free": -0.5,
          "memory.free": 2 ** 30,
          "pods.free": 0,
          "api.latency": 12,
          "certificate.days": 10,
        }).map(([name, value]) => [name, { ok: true, value }]),
      ),
    );
  });

  it("is told to be unknown under any other name, for a cluster that is silent, or without nodes", () => {
    const lost = { type: "Reachable", status: "False" };
    for (const [name, status, code, message] of [
      ["toString", {}, "INVALID_METRIC", "clusters have no toString; there is cpu_cores"],
      ["pods", { conditions: [lost] }, "UNREACHABLE_METRICS_PROVIDER", "berlin does not answer"],
      ["cpu.free", {}, "UNREACHABLE_METRICS_PROVIDER", "cpu.free of berlin is not known"],
      ["api.latency", {}, "UNREACHABLE_METRICS_PROVIDER", "api.latency of berlin is not known"],
      ["pods", { capacity: null }, "UNREACHABLE_METRICS_PROVIDER", "the nodes of berlin are not"],
    ] as const) {
      const measured = measureCluster(cluster(status), name, now);
      expect(measured).toMatchObject({ ok: false, code });
      expect(measured.ok ? "" : measured.message).toContain(message);
    }
    const empty = { capacity: { ...capacity, nodes: 0, nodes_ready: 0 } };
    expect(measureCluster(cluster(empty), "nodes_ready_share", now)).toEqual({
      ok: true,
      value: 0,
    });
  });

  it("tells what is known without the nodes for a cluster that does not show them", () => {
    const narrow = cluster({ capacity: null, api_latency_ms: 7 });
    expect(measureCluster(narrow, "api.latency", now)).toEqual({ ok: true, value: 7 });
    const ended = cluster({ certificate_expires: "2025-12-31T00:00:00Z" });
    expect(measureCluster(ended, "certificate.days", now)).toEqual({ ok: true, value: -1 });
  });
});
