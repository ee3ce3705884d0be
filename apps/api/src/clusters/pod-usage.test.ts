import { describe, expect, it } from "vitest";
import type { KubeObject } from "@octoplane/kube/kube";
import { amountsOf, boundOf, sumOf } from "./amounts.ts";
import { nodeUsageList } from "./node-usage.ts";
import { keyOf, podUsageList } from "./pod-usage.ts";

const root = { group: "apps", kind: "Deployment", namespace: "default", name: "web", uid: "u" };

function pod(name: string, spec: object, phase = "Running"): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec,
    status: { phase },
  };
}

function metrics(name: string, containers: Readonly<Record<string, object>>): KubeObject {
  return {
    apiVersion: "metrics.k8s.io/v1beta1",
    kind: "PodMetrics",
    metadata: { name, namespace: "default" },
    timestamp: "2026-01-31T12:00:00Z",
    containers: Object.entries(containers).map(([own, usage]) => ({ name: own, usage })),
  };
}

function usageOf(pods: readonly KubeObject[], measured: readonly KubeObject[]) {
  return podUsageList({
    pods: pods.map((one) => ({ pod: one, root })),
    isCut: false,
    cluster: "edge",
    measured: new Map(measured.map((one) => [keyOf(one), one])),
  });
}

const nothing = { cpu_cores: null, memory_bytes: null };

describe("amounts", () => {
  it("are read in any unit, and are unknown where they are no quantity", () => {
    expect(amountsOf({ cpu: "12345678n", memory: "30Mi" })).toEqual({
      cpu_cores: 0.012345678,
      memory_bytes: 30 * 2 ** 20,
    });
    expect(amountsOf({ cpu: 2, memory: "much" })).toEqual({ cpu_cores: 2, memory_bytes: null });
    expect(amountsOf(undefined)).toEqual(nothing);
  });

  it("add up without errors of floating point, as sums and as bounds", () => {
    const all = [amountsOf({ cpu: "100m" }), amountsOf({ cpu: "200m", memory: "1" })];
    expect(sumOf(all)).toEqual({ cpu_cores: 0.3, memory_bytes: 1 });
    expect(boundOf(all)).toEqual({ cpu_cores: 0.3, memory_bytes: null });
    expect([sumOf([]), boundOf([])]).toEqual([nothing, nothing]);
  });
});

describe("the usage of Pods", () => {
  const main = {
    name: "main",
    resources: { requests: { cpu: "100m" }, limits: { memory: "1Gi" } },
  };

  it("stands beside requests and limits; a limit without a request is one", () => {
    const list = usageOf(
      [pod("a", { containers: [main, { name: "side" }] })],
      [metrics("a", { main: { cpu: "5m", memory: "1Mi" }, side: { cpu: "1m", memory: "1Mi" } })],
    );
    expect(list.items[0]).toMatchObject({
      owner: "Deployment/web",
      measured: "2026-01-31T12:00:00Z",
      used: { cpu_cores: 0.006, memory_bytes: 2 * 2 ** 20 },
      requests: { cpu_cores: 0.1, memory_bytes: 2 ** 30 },
      limits: nothing,
    });
    expect(list.items[0]?.containers.map(({ name, limits }) => [name, limits])).toEqual([
      ["main", { cpu_cores: null, memory_bytes: 2 ** 30 }],
      ["side", nothing],
    ]);
  });

  it("counts sidecars, not what ran before, and takes a Pod at its word", () => {
    const { items } = usageOf(
      [
        pod("a", {
          resources: { requests: { cpu: "3" } },
          initContainers: [{ name: "first" }, { name: "proxy", restartPolicy: "Always" }],
          containers: [main],
        }),
      ],
      [metrics("a", { proxy: { cpu: "1m" }, main: { cpu: "1m" } })],
    );
    expect(items[0]?.containers.map(({ name }) => name)).toEqual(["proxy", "main"]);
    expect(items[0]).toMatchObject({
      used: { cpu_cores: 0.002, memory_bytes: null },
      requests: { cpu_cores: 3, memory_bytes: 2 ** 30 },
    });
  });

  it("is unknown for Pods that were not measured, and leaves out those that have ended", () => {
    const spec = { containers: [main] };
    const { items, total } = usageOf(
      [pod("a", spec), pod("new", spec, "Pending"), pod("done", spec, "Succeeded")],
      [metrics("a", { main: { cpu: "5m", memory: "1Mi" } })],
    );
    expect(items.map(({ name, measured, used }) => [name, measured === null, used])).toEqual([
      ["a", false, { cpu_cores: 0.005, memory_bytes: 2 ** 20 }],
      ["new", true, nothing],
    ]);
    expect(total).toEqual({
      used: { cpu_cores: 0.005, memory_bytes: 2 ** 20 },
      requests: { cpu_cores: 0.2, memory_bytes: 2 ** 31 },
      limits: { cpu_cores: null, memory_bytes: 2 ** 31 },
    });
  });
});

describe("the usage of nodes", () => {
  it("stands beside what they have; nodes that do not answer are among them", () => {
    const node = (name: string): KubeObject => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name },
      status: { capacity: { cpu: "4", memory: "8Gi" }, allocatable: { cpu: "3500m" } },
    });
    const measured = {
      apiVersion: "metrics.k8s.io/v1beta1",
      kind: "NodeMetrics",
      metadata: { name: "one" },
      timestamp: "2026-01-31T12:00:00Z",
      usage: { cpu: "250m", memory: "1024Ki" },
    };
    const { items, total } = nodeUsageList([node("one"), node("two")], [measured]);
    expect(items.map(({ name, used }) => [name, used])).toEqual([
      ["one", { cpu_cores: 0.25, memory_bytes: 2 ** 20 }],
      ["two", nothing],
    ]);
    expect(items[1]).toMatchObject({ measured: null, allocatable: { cpu_cores: 3.5 } });
    expect(total.capacity).toEqual({ cpu_cores: 8, memory_bytes: 2 ** 34 });
  });
});
