import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import { candidateOf } from "@octoplane/placement/candidate";
import { decide } from "@octoplane/placement/decide";
import { Standings } from "./standings.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const iso = (second: number): string => new Date(start + second * 1_000).toISOString();
const ref = (name: string) => ({ api: "kubernetes", kind: "Cluster", namespace: "n", name });

interface Facts {
  readonly cpu?: number;
  readonly on?: string;
  /** Where all of several copies belong; `on` is the first. */
  readonly places?: readonly string[];
  /** How many it asks for. */
  readonly count?: number;
  /** The second since which it stands there in full. */
  readonly applied?: number;
  readonly labels?: Record<string, string>;
  readonly rules?: readonly object[];
  readonly deleted?: boolean;
}

function app(name: string, facts: Facts = {}): Application {
  const { cpu = 1, places, count, on = places?.[0], applied, labels = {}, rules, deleted } = facts;
  const containers = [{ resources: { requests: { cpu: `${Math.round(cpu * 1_000)}m` } } }];
  const condition = {
    type: "Applied",
    status: "True",
    observed_generation: 1,
    last_transition_time: iso(applied ?? 0),
  };
  return {
    metadata: { namespace: "n", name, labels, generation: 1, deleted: deleted ? iso(0) : null },
    spec: {
      manifest: [{ apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers } }],
      ...(count === undefined ? {} : { placement: { copies: { count } } }),
      constraints: {
        migration: true,
        cluster: { labels: null, metrics: null, custom_resources: [], applications: rules },
      },
    },
    status: {
      conditions: applied === undefined ? [] : [condition],
      decisions: 0,
      scheduled: on === undefined ? null : iso(0),
      scheduled_to: on === undefined ? null : ref(on),
      ...(places && { places: places.map((one) => ({ cluster: ref(one), share: null })) }),
      copies: applied === undefined ? [] : [{ cluster: ref(on!), generation: 1, objects: [] }],
    },
  } as unknown as Application;
}

/** So many replicas of a core each. */
function deployment(replicas: number) {
  const containers = [{ resources: { requests: { cpu: "1" } } }];
  const spec = { replicas, template: { spec: { containers } } };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec };
}

function cluster(name: string, cores: number, second: number): Cluster {
  const capacity = { cpu_free_cores: cores, memory_free_bytes: 1e12, pods_free: 100 };
  return {
    metadata: { namespace: "n", name, labels: {}, deleted: null },
    spec: { custom_resources: [] },
    status: {
      state: "ONLINE",
      conditions: [],
      served_kinds: [],
      capacity: { ...capacity, free_at: iso(second) },
    },
  } as unknown as Cluster;
}

/** What is promised on `c` as a decision about somebody else sees it. */
function promised(standings: Standings, seen: Cluster): number {
  const facts = standings.facts(app("asks"), [candidateOf(seen, [])]);
  return facts.promised?.[seen.metadata.name]?.cpuCores ?? 0;
}

describe("what is promised on a cluster", () => {
  it("is what those request who belong there, until their Pods are in what was counted", () => {
    const standings = new Standings();
    const first = cluster("c", 4, 0);
    standings.putCluster("n/c", first);
    standings.put("n/a", app("a", { on: "c" }), 1n);
    standings.put("n/b", app("b", { on: "c", cpu: 0.5 }), 1n);
    expect(promised(standings, first)).toBe(1.5);
    standings.put("n/a", app("a", { on: "c", applied: 5 }), 2n);
    expect(promised(standings, first)).toBe(1.5);
    // Its Pods may not all have been there yet.
    const soon = cluster("c", 3, 10);
    expect(standings.putCluster("n/c", soon)).toBe(false);
    expect(promised(standings, soon)).toBe(1.5);
    const late = cluster("c", 3, 20);
    expect(standings.putCluster("n/c", late)).toBe(true);
    expect(promised(standings, late)).toBe(0.5);
    // Whoever still looks at the count before that one must not take what it has not taken off.
    expect(promised(standings, soon)).toBe(1.5);
    standings.remove("n/b");
    expect(promised(standings, late)).toBe(0);
  });

  it("is reserved before a decision is written, given back when it is not, and not doubled when it is", () => {
    const standings = new Standings();
    const seen = cluster("c", 4, 0);
    standings.putCluster("n/c", seen);
    standings.put("n/a", app("a"), 1n);
    const place = { namespace: "n", name: "c" };
    standings.reserve("n/a", [place]);
    expect(promised(standings, seen)).toBe(1);
    standings.release("n/a");
    expect(promised(standings, seen)).toBe(0);
    standings.reserve("n/a", [place]);
    standings.settle("n/a", 5n);
    // The feed shows what was before, then what was written.
    standings.put("n/a", app("a"), 4n);
    expect(promised(standings, seen)).toBe(1);
    standings.put("n/a", app("a", { on: "c" }), 5n);
    expect(promised(standings, seen)).toBe(1);
    standings.put("n/a", app("a", { on: "other" }), 6n);
    expect(promised(standings, seen)).toBe(0);
    standings.put("n/a", app("a", { on: "c", deleted: true }), 7n);
    expect(promised(standings, seen)).toBe(0);
  });

  it("is the share of each place, where the replicas are divided", () => {
    const standings = new Standings();
    const clusters = ["c", "d"].map((name) => cluster(name, 4, 0));
    for (const one of clusters) standings.putCluster(`n/${one.metadata.name}`, one);
    const whole = app("a");
    standings.put("n/a", { ...whole, spec: { ...whole.spec, manifest: [deployment(4)] } }, 1n);
    const place = (name: string, share: number | null) => ({ namespace: "n", name, share });
    standings.reserve("n/a", [place("c", 3), place("d", 1)]);
    expect(clusters.map((one) => promised(standings, one))).toEqual([3, 1]);
    standings.reserve("n/a", [place("c", null), place("d", null)]);
    expect(clusters.map((one) => promised(standings, one))).toEqual([4, 4]);
    // Replicas are whole: of four to three places one gets two.
    standings.reserve("n/a", [place("c", 1), place("d", 1), place("e", 1)]);
    expect(clusters.map((one) => promised(standings, one))).toEqual([2, 1]);
  });

  it("never exceeds what is free, however decisions, conflicts and counts come after one another", () => {
    const step = fc.record({
      app: fc.integer({ min: 0, max: 15 }),
      what: fc.constantFrom("decide", "decide", "conflict", "apply", "count", "delete"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const standings = new Standings();
        const total = 5;
        let second = 0;
        let shown = cluster("c", total, second);
        standings.putCluster("n/c", shown);
        const bound = new Map<string, { applied: number | undefined }>();
        for (const { app: index, what } of steps) {
          second += 15;
          const name = `a${index}`;
          const key = `n/${name}`;
          const cpu = 0.5 + (index % 3);
          const known = bound.get(name);
          if (what === "delete") {
            standings.remove(key);
            bound.delete(name);
          } else if (what === "apply" && known) {
            known.applied = second;
            standings.put(key, app(name, { cpu, on: "c", applied: second }), BigInt(second));
          } else if (what === "count") {
            const counted = [...bound].filter(([, { applied }]) => applied !== undefined);
            const used = counted.reduce((sum, [one]) => sum + 0.5 + (Number(one.slice(1)) % 3), 0);
            shown = cluster("c", total - used, second);
            standings.putCluster("n/c", shown);
          } else if (!known) {
            const candidate = app(name, { cpu });
            standings.put(key, candidate, BigInt(second));
            const candidates = [candidateOf(shown, [])];
            const facts = standings.facts(candidate, candidates);
            const snapshot = {
              now: start,
              candidates,
              stickiness: 0,
              rescheduleAfterMs: 0,
              ...facts,
            };
            const { chosen } = decide(candidate, snapshot, 1);
            if (chosen === null) continue;
            standings.reserve(key, [chosen]);
            if (what === "conflict") standings.release(key);
            else {
              standings.settle(key, BigInt(second));
              bound.set(name, { applied: undefined });
            }
          }
          const taken = [...bound.keys()].reduce(
            (sum, one) => sum + 0.5 + (Number(one.slice(1)) % 3),
            0,
          );
          expect(taken).toBeLessThanOrEqual(total + 1e-3);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("who is to be decided on anew", () => {
  const rule = [{ together: "tier=db" }];

  /** A book, and what it says of whom something concerns, as it says it. */
  function heard() {
    const keys: string[] = [];
    const standings = new Standings((concerned) => keys.push(...concerned));
    return { standings, take: () => keys.splice(0).toSorted() };
  }

  it("are those who want to be with one that comes or leaves, and those who wait when room is made", () => {
    const { standings, take } = heard();
    const db = { labels: { tier: "db" } };
    standings.put("n/web", app("web", { rules: rule }), 1n);
    standings.put("n/other", app("other", { on: "c" }), 1n);
    expect(take()).toEqual([]);
    standings.put("n/db", app("db", { ...db, on: "c" }), 1n);
    expect(take()).toEqual(["n/web"]);
    standings.put("n/db", app("db", { ...db, on: "c" }), 2n);
    expect(take()).toEqual([]);
    standings.put("n/web", app("web", { rules: rule, on: "c" }), 2n);
    standings.put("n/late", app("late"), 1n);
    standings.reserve("n/db", [{ namespace: "n", name: "d" }]);
    expect(take()).toEqual(["n/late", "n/web"]);
    standings.release("n/db");
    expect(take()).toEqual(["n/late", "n/web"]);
    standings.remove("n/db");
    expect(take()).toEqual(["n/late", "n/web"]);
  });

  it("are those who want to be apart from one that came to their cluster", () => {
    const { standings, take } = heard();
    const apart = [{ apart: "tier=db" }];
    standings.put("n/here", app("here", { rules: apart, on: "c" }), 1n);
    standings.put("n/there", app("there", { rules: apart, on: "d" }), 1n);
    standings.put("n/wish", app("wish", { rules: [{ apart: "", weight: 1 }], on: "c" }), 1n);
    take();
    standings.put("n/db", app("db", { labels: { tier: "db" }, on: "c" }), 1n);
    expect(take()).toEqual(["n/here"]);
  });

  it("are those too who have a copy other than their first where one came that they want to be apart from", () => {
    const { standings, take } = heard();
    const db = { labels: { tier: "db" } };
    const apart = [{ apart: "tier=db" }];
    standings.put("n/twice", app("twice", { rules: apart, places: ["c", "d"] }), 1n);
    standings.put("n/there", app("there", { rules: apart, places: ["c", "e"] }), 1n);
    standings.put("n/db", app("db", { ...db, places: ["f", "g"] }), 1n);
    take();
    // The second copy of one comes to where the second copy of the other is.
    standings.put("n/db", app("db", { ...db, places: ["f", "d"] }), 2n);
    expect(take()).toEqual(["n/twice"]);
  });

  it("are those who have fewer copies than they ask for, when one that they want to be apart from leaves", () => {
    const { standings, take } = heard();
    const db = { labels: { tier: "db" } };
    const apart = [{ apart: "tier=db" }];
    standings.put("n/short", app("short", { rules: apart, places: ["c"], count: 2 }), 1n);
    standings.put("n/whole", app("whole", { rules: apart, places: ["c", "e"], count: 2 }), 1n);
    standings.put("n/db", app("db", { ...db, on: "d" }), 1n);
    take();
    standings.put("n/db", app("db", { ...db, on: "f" }), 2n);
    expect(take()).toEqual(["n/short"]);
  });

  it("are those who want to be with one of whose copies any has left", () => {
    const { standings, take } = heard();
    const db = { labels: { tier: "db" } };
    standings.put("n/web", app("web", { rules: rule, places: ["c", "d"] }), 1n);
    standings.put("n/db", app("db", { ...db, places: ["c", "d"] }), 1n);
    take();
    standings.put("n/db", app("db", { ...db, places: ["c", "e"] }), 2n);
    expect(take()).toEqual(["n/web"]);
  });
});
