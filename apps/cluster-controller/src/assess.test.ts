import { describe, expect, test } from "vitest";
import { ClusterKind, type ClusterStatus } from "@octoplane/kinds/cluster";
import { clusterState } from "@octoplane/kinds/cluster-state";
import { readAs } from "@octoplane/kinds/read-input";
import { assess, customKinds } from "./assess.ts";
import type { Probe } from "./probe.ts";

const blank = readAs<ClusterStatus>(ClusterKind.status!, {});
const time = (second: number): string => new Date(second * 1_000).toISOString();

function node(name: string, conditions: Readonly<Record<string, string>>, allocatable = {}) {
  const list = Object.entries(conditions).map(([type, status]) => ({ type, status }));
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    status: { conditions: list, allocatable },
  };
}

const well = node("well", { Ready: "True" }, { cpu: "1500m", memory: "1Ki", pods: "110" });
const lost = node("lost", { Ready: "Unknown" }, { cpu: "8" });
const pressed = node("pressed", { Ready: "True", MemoryPressure: "True" }, { cpu: "2" });

function answer(nodes: ReturnType<typeof node>[] | undefined): Probe {
  return { ok: true, version: "v1.36.3", nodes };
}

const silence: Probe = { ok: false, reason: "Unreachable", message: "no answer", canPass: true };
const refusal: Probe = { ok: false, reason: "Unauthorized", message: "who?", canPass: false };
const foreign: Probe = {
  ok: false,
  reason: "ForeignCertificate",
  message: "not trusted",
  canPass: false,
};

/** One cluster through several probes; counts failures as the controller does. */
function life(generation = 1) {
  let status = blank;
  let failures = 0;
  let second = 0;
  return (probe: Probe, at = generation): { state: string; status: ClusterStatus } => {
    failures = probe.ok ? 0 : failures + 1;
    status = assess({
      status,
      generation: at,
      probe,
      failures,
      failuresMax: 3,
      now: time((second += 1)),
    });
    return { state: clusterState({ status }).state, status };
  };
}

describe("hysteresis", () => {
  test("a cluster that answers once is ONLINE, and three lost probes in a row make it OFFLINE, no fewer", () => {
    const look = life();
    const states = [
      answer([well]),
      silence,
      silence,
      answer([well]),
      silence,
      silence,
      silence,
      answer([well]),
    ].map((probe) => look(probe).state);
    expect(states).toEqual([
      "ONLINE",
      "ONLINE",
      "ONLINE",
      "ONLINE",
      "ONLINE",
      "ONLINE",
      "OFFLINE",
      "ONLINE",
    ]);
  });

  test("an API server that refuses good credentials while it starts is not OFFLINE at once", () => {
    const look = life();
    look(answer([well]));
    expect([look(refusal).state, look(refusal).state, look(refusal).state]).toEqual([
      "ONLINE",
      "ONLINE",
      "OFFLINE",
    ]);
  });

  test.each([silence, refusal, foreign])(
    "a cluster that was never reached is OFFLINE at once: $reason",
    (probe) => {
      const { state, status } = life()(probe);
      expect(state).toBe("OFFLINE");
      expect(clusterState({ status }).reason?.code).toBe(probe.ok ? "" : probe.reason);
    },
  );

  test("a foreign certificate under a new kubeconfig is told at once, silence is not", () => {
    const look = life();
    look(answer([well]));
    expect(look(silence, 2).state).toBe("ONLINE");
    expect(look(foreign, 2).state).toBe("OFFLINE");
  });

  test("a probe that says the same again changes nothing, so that nothing is written", () => {
    const look = life();
    const first = look(answer([well, lost])).status;
    expect(look(answer([well, lost])).status).toEqual(first);
    look(silence);
    look(silence);
    const gone = look(silence).status;
    expect(look(silence).status).toEqual(gone);
  });
});

describe("nodes", () => {
  test.each([
    ["none", [], "NOTREADY", "the cluster has no nodes"],
    ["all ready", [well, well], "ONLINE", undefined],
    ["half not ready", [well, lost], "ONLINE", undefined],
    ["most not ready", [well, lost, lost], "NOTREADY", "2 of 3 nodes: not ready"],
    ["half under pressure", [well, pressed], "ONLINE", undefined],
    ["most under pressure", [well, pressed, pressed], "UNHEALTHY", "2 of 3 nodes: MemoryPressure"],
    ["all ready ones under pressure", [pressed, lost], "UNHEALTHY", "1 of 1 nodes: MemoryPressure"],
    ["without conditions", [node("new", {})], "NOTREADY", "1 of 1 nodes: not ready"],
  ])("%s", (_name, nodes, state, message) => {
    const { status } = life()(answer(nodes));
    const derived = clusterState({ status });
    expect(derived).toMatchObject({ state });
    expect(derived.reason?.message).toBe(message);
  });

  test("capacity is that of the ready ones, the count that of all", () => {
    expect(life()(answer([well, pressed, lost])).status.capacity).toEqual({
      cpu_cores: 3.5,
      memory_bytes: 1024,
      pods: 110,
      nodes: 3,
      nodes_ready: 2,
    });
  });

  test("nodes that may not be listed are unknown, and the cluster is ONLINE all the same", () => {
    const { state, status } = life()(answer(undefined));
    expect(state).toBe("ONLINE");
    expect(status).toMatchObject({ capacity: null, nodes: [] });
    const found = status.conditions.find(({ type }) => type === "NodesReady");
    expect(found).toMatchObject({ status: "Unknown", reason: "NodesForbidden" });
  });

  test("a node without a status, or with an odd one, breaks nothing", () => {
    const odd = {
      apiVersion: "v1",
      kind: "Node",
      metadata: {},
      status: { allocatable: { cpu: "many" } },
    };
    const bare = { apiVersion: "v1", kind: "Node", metadata: { name: "bare" } };
    const { status } = assess({
      status: blank,
      generation: 1,
      probe: { ok: true, version: "v1", nodes: [odd, bare, well] },
      failures: 0,
      failuresMax: 3,
      now: time(1),
    }).conditions.find(({ type }) => type === "NodesReady")!;
    expect(status).toBe("False");
  });
});

test("kinds are kept while nobody looks for them or can tell, and only those that are not built in", () => {
  const kind = (group: string, plural: string, version = "v1") => {
    return { group, version, kind: plural, plural, namespaced: true, verbs: [] };
  };
  const served = [
    kind("", "pods"),
    kind("example.org", "widgets"),
    kind("example.org", "widgets", "v2"),
    kind("apps", "deployments"),
  ];
  expect(customKinds(served)).toEqual(["widgets.example.org"]);
  const look = life();
  const looked = (kinds: typeof served, silentGroups: string[]): unknown => {
    const discovery = { kinds, silentGroups };
    return look({ ok: true, version: "v1", nodes: [well], served: discovery }).status.served_kinds;
  };
  looked(served, []);
  expect(look(answer([well])).status.served_kinds).toEqual(["widgets.example.org"]);
  const other = kind("other.example.org", "gears");
  expect(looked([other], ["example.org"])).toEqual([
    "gears.other.example.org",
    "widgets.example.org",
  ]);
  expect(looked([], ["other.example.org"])).toEqual(["gears.other.example.org"]);
});

describe("what a probe measures beside", () => {
  const at = (second: number) => Date.parse(time(second));
  const measured = (before: ClusterStatus, more: object): ClusterStatus =>
    assess({
      status: before,
      generation: 1,
      probe: { ok: true, version: "v1", nodes: [well], certificateEnd: at(1_000), ...more },
      failures: 0,
      failuresMax: 3,
      now: time(1),
      latencyMs: 20,
      counted: { at: at(1), sameSince: at(1), cpuCores: 0.25, memoryBytes: 24, pods: 10 },
    });

  test("stands in the status, and flickering answers change nothing there", () => {
    const status = measured(blank, {});
    expect(status).toMatchObject({
      capacity: { cpu_free_cores: 1.25, memory_free_bytes: 1_000, pods_free: 100 },
      api_latency_ms: 20,
      certificate_expires: time(1_000),
    });
    expect(measured(status, {})).toEqual(status);
    const forbidden = measured(status, { nodes: undefined });
    expect([forbidden.capacity, forbidden.api_latency_ms]).toEqual([null, 20]);
  });

  test("is kept of a cluster that does not answer", () => {
    const status = measured(blank, {});
    const lost = assess({
      status,
      generation: 1,
      probe: silence,
      failures: 3,
      failuresMax: 3,
      now: time(2),
    });
    expect(lost.capacity).toEqual(status.capacity);
  });
});
