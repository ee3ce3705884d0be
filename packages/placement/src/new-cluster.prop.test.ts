import type { Application } from "@octoplane/kinds/application";
import type { NewCluster } from "@octoplane/kinds/decision";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candidate } from "./candidate.ts";
import { decide } from "./decide.ts";
import { newClusterName } from "./new-cluster.ts";
import type { NewClusterFacts } from "./new-cluster-facts.ts";
import { calm } from "./testing/calm-facts.ts";
import { cloud, newClusterFacts } from "./testing/clouds.ts";
import {
  application,
  candidate,
  detail,
  now,
  reading,
  snapshot,
  timeAgo,
  type AppFacts,
} from "./testing/facts.ts";

const uid = "3f0c9a64-7c11-4d7e-9a52-0a51c6f6b1aa";
const first = newClusterName(uid, 1);

function seeking(facts: AppFacts = {}, made?: Partial<NewCluster>): Application {
  const app = application(facts);
  const new_cluster: NewCluster = {
    name: first,
    cloud: { api: "infrastructure", kind: "Cloud", namespace: "n", name: "c" },
    attempt: 1,
    generation: 3,
    started: timeAgo(60_000),
    ended: null,
    reason: null,
    ...made,
  };
  return {
    ...app,
    metadata: { ...app.metadata, uid },
    spec: { ...app.spec, auto_cluster_create: true },
    status: { ...app.status, ...(made === undefined ? {} : { new_cluster }) },
  };
}

function decided(
  app: Application,
  clusters: readonly Candidate[],
  clouds: readonly Candidate[],
  more: Partial<NewClusterFacts> = {},
) {
  const seen = { ...snapshot(clusters), newCluster: newClusterFacts(clouds, more) };
  return decide(app, seen, detail);
}

const at = (name: string, value: number) => candidate({ name, readings: [reading("m", 1, value)] });
const above = (name: string, value: number) => cloud({ name, readings: [reading("m", 1, value)] });

describe("an existing cluster or a new one", () => {
  it("a new one only when it is better over the horizon, its start counted; ties are the existing one's", () => {
    expect(decided(seeking(), [at("a", 0.7)], [above("c", 0.9)])).toMatchObject({
      outcome: "waits",
      chosen: null,
      runner_up: { name: "a" },
      new_cluster: { name: first, attempt: 1, phase: "started", cloud: { name: "c" } },
    });
    // 0.9 × (1 − 600 / 3,600) = 0.75
    expect(decided(seeking(), [at("a", 0.75)], [above("c", 0.9)])).toMatchObject({
      outcome: "placed",
      chosen: { name: "a" },
    });
    const none = { startupMs: 0 };
    expect(decided(seeking(), [at("a", 0.9)], [above("c", 0.9)], none).outcome).toBe("placed");
  });

  it("the parts of a new one explain its score, with what the whole cluster costs", () => {
    const price = { ...reading("price", 2, 0.8), unit: "EUR/core-hour" as const, raw: 0.5 };
    const offer = cloud({ name: "c", readings: [reading("m", 1, 0.9), price] });
    const shape = { cpuCores: 8, memoryBytes: 0 };
    const { candidates } = decided(seeking(), [], [offer], { shape });
    const [row] = candidates;
    const sum = (of: (part: { weight: number; value: number }) => number): number =>
      row!.parts.reduce((total, { weight, value }) => total + of({ weight, value: value ?? 0 }), 0);
    expect(row?.score).toBeCloseTo(
      sum(({ weight, value }) => weight * value) / sum((p) => p.weight),
    );
    expect(row?.estimates).toMatchObject({ cost_per_hour: 4, currency: "EUR" });
  });

  it("what runs where it fits, may not move, or is held by an outage is given none", () => {
    const clouds = [above("c", 1)];
    expect(decided(seeking({ on: "a" }), [at("a", 0.1)], clouds).outcome).toBe("stayed");
    const offline = candidate({ name: "a", state: "OFFLINE" });
    const fixed = seeking({ on: "a", migration: false });
    expect(decided(fixed, [offline], clouds).outcome).toBe("stayed");
    expect(decided(seeking({ on: "a" }), [offline], clouds).outcome).toBe("waits");
    const brake = { until: now + 1_000, vanished: 3, of: 4 };
    const seen = {
      ...snapshot([offline]),
      calm: calm({ brake }),
      newCluster: newClusterFacts(clouds),
    };
    expect(decide(seeking({ on: "a" }), seen, detail).outcome).toBe("unplaceable");
    expect(decide(seeking(), seen, detail).outcome).toBe("waits");
  });

  it("constraints of the application hold for clouds; a pin, and resources of its own, are for clusters", () => {
    const clouds = [cloud({ name: "c", labels: { l: "DE" } })];
    const refused = (facts: AppFacts): string | undefined =>
      decided(seeking(facts), [], clouds).candidates[0]?.verdicts.find(({ fits }) => !fits)?.reason;
    expect(refused({ labels: ["l is DE"] })).toBeUndefined();
    expect(refused({ labels: ["l is SK"] })).toBe("LabelMismatch");
    expect(refused({ metrics: ["m > 1"] })).toBe("MetricMissing");
    expect(refused({ placement: { cluster: "c" } })).toBe("PinnedElsewhere");
    expect(refused({ customResources: ["a.b"] })).toBe("CustomResourceMissing");
  });

  it("why none is made stands with every cloud, and what is there is used", () => {
    const problem = { code: "NoTemplate", message: "none" };
    const decision = decided(seeking(), [at("a", 0.1)], [above("c", 1)], { problem });
    expect(decision).toMatchObject({ outcome: "placed", chosen: { name: "a" } });
    expect(decision.candidates[1]?.verdicts.at(-1)).toMatchObject({ reason: "NoTemplate" });
  });
});

describe("an application that waits for its cluster", () => {
  const others = [at("a", 0.1)];
  const clouds = [above("c", 0.9)];

  it("goes on waiting while that is made, whatever else is there", () => {
    const pending = candidate({ name: first, state: "PENDING" });
    expect(decided(seeking({}, {}), [...others, pending], clouds)).toMatchObject({
      outcome: "waits",
      new_cluster: { phase: "waiting" },
      held_until: new Date(now + 1_740_000).toISOString(),
    });
  });

  it("goes there when it is ready, also from a cluster that no longer fits it", () => {
    const ready = candidate({ name: first });
    expect(decided(seeking({}, {}), [at("a", 1), ready], clouds)).toMatchObject({
      outcome: "placed",
      chosen: { name: first },
      new_cluster: { phase: "ready" },
    });
    const away = candidate({ name: "a", state: "OFFLINE" });
    expect(decided(seeking({ on: "a" }, {}), [away, ready], clouds).outcome).toBe("moved");
  });

  it.each<[string, AppFacts, Partial<NewCluster>, readonly Candidate[]]>([
    ["ClusterDeleted", {}, {}, []],
    ["ClusterDeleted", {}, {}, [candidate({ name: first, deleted: true })]],
    ["ClusterFailed", {}, {}, [candidate({ name: first, state: "FAILED" })]],
    ["ClusterDoesNotFit", { labels: ["!l"] }, {}, [candidate({ name: first, labels: { l: "x" } })]],
    [
      "ClusterLate",
      {},
      { started: timeAgo(1_800_000) },
      [candidate({ name: first, state: "PENDING" })],
    ],
  ])("gives up with the reason %s, and is placed on what is there", (code, facts, made, own) => {
    const decision = decided(seeking(facts, made), [...others, ...own], clouds);
    expect(decision).toMatchObject({
      outcome: "placed",
      chosen: { name: "a" },
      new_cluster: { phase: "ended", reason: { code } },
    });
  });

  it("takes one that it does not see for new, not for deleted, at first", () => {
    const app = seeking({}, { started: timeAgo(1_000) });
    expect(decided(app, others, clouds).outcome).toBe("waits");
  });

  it("is given another one after a while, and at once for a new specification", () => {
    const ended = { ended: timeAgo(60_000), reason: { code: "ClusterLate", message: "late" } };
    const soon = decided(seeking({}, ended), [], clouds);
    expect(soon.outcome).toBe("unplaceable");
    expect(soon.held_until).toBe(new Date(now + 1_740_000).toISOString());
    const long = { ...ended, ended: timeAgo(1_800_001) };
    expect(decided(seeking({}, long), [], clouds).new_cluster).toMatchObject({ attempt: 2 });
    const other = { ...ended, generation: 2 };
    expect(decided(seeking({}, other), [], clouds).new_cluster).toMatchObject({ attempt: 2 });
  });

  it("no longer waits where there is no cloud any more, or when it asks for copies", () => {
    const ended = { new_cluster: { phase: "ended", reason: { code: "NoCloud" } } };
    expect(decide(seeking({}, {}), snapshot(others), detail)).toMatchObject(ended);
    const count = { count: 1, replicas: "duplicated", divide_by: "even", weights: [] } as const;
    const copies = seeking({ placement: { copies: { ...count, weights: [] } } }, {});
    expect(decide(copies, snapshot(others), detail)).toMatchObject(ended);
  });
});

const anyValue = fc.constantFrom(0.1, 0.5, 0.75, 0.9, 1);
const anyClusters = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c"), anyValue), {
  selector: ([name]) => name,
});

it("a worse cloud changes no decision, and the order of clouds none", () => {
  fc.assert(
    fc.property(anyClusters, anyClusters, anyValue, (here, there, bad) => {
      const clusters = here
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => at(name, value));
      const clouds = there.map(([name, value]) => above(name, value));
      const one = decided(seeking(), clusters, clouds);
      expect(decided(seeking(), clusters, clouds.toReversed())).toEqual(one);
      const best = Math.max(0, ...there.map(([, value]) => value));
      if (bad >= best || there.length === 0) return;
      const more = decided(seeking(), clusters, [...clouds, above("z", bad)]);
      expect([more.outcome, more.chosen, more.new_cluster]).toEqual([
        one.outcome,
        one.chosen,
        one.new_cluster,
      ]);
    }),
  );
});
