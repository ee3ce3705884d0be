import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Copies } from "@octoplane/kinds/copies";
import type { Decision } from "@octoplane/kinds/decision";
import { decide } from "./decide.ts";
import { application, candidate, detail, reading, snapshot, timeAgo } from "./testing/facts.ts";

const one: Copies = { count: 1, replicas: "duplicated", divide_by: "even", weights: [] };

/** An application that asks for copies, and where they are. */
function copied(
  copies: Partial<Copies>,
  on: readonly string[] = [],
  more: Parameters<typeof application>[0] & { readonly healthy?: boolean } = {},
): Application {
  const { healthy = true, ...facts } = more;
  const app = application({
    ...facts,
    on: on[0] ?? null,
    sinceMs: 3_600_000,
    placement: { ...facts.placement, copies: { ...one, ...copies } },
  });
  const condition = {
    type: "Healthy",
    status: healthy ? ("True" as const) : ("False" as const),
    reason: "Healthy",
    message: "",
    observed_generation: 3,
    last_transition_time: timeAgo(0),
  };
  const places = on.map((name) => ({
    cluster: { api: "kubernetes", kind: "Cluster", namespace: "n", name },
    share: copies.replicas === "divided" ? 1 : null,
  }));
  const conditions = facts.completed === undefined ? [condition] : app.status.conditions;
  return {
    ...app,
    status: {
      ...app.status,
      conditions,
      scheduled_generation: 3,
      ...(on.length === 0 ? {} : { places }),
    },
  };
}

const names = ({ places }: Decision): readonly string[] => (places ?? []).map(({ name }) => name);

const scored = (name: string, value: number, more: object = {}) =>
  candidate({ name, readings: [reading("m", 1, value)], ...more });

describe("an application that asks for copies", () => {
  const fleet = [scored("a", 0.1), scored("b", 0.9), scored("c", 0.5), scored("d", 0.7)];

  it("is placed on the best, as many as it asks for", () => {
    const decision = decide(copied({ count: 2 }), snapshot(fleet), detail);
    expect(decision).toMatchObject({ outcome: "placed", chosen: { name: "b" }, missing: 0 });
    expect(names(decision)).toEqual(["b", "d"]);
    expect(decision.runner_up?.name).toBe("c");
    expect(names(decide(copied({ count: "all" }), snapshot(fleet), detail))).toEqual([
      "b",
      "d",
      "c",
      "a",
    ]);
  });

  it("is placed on fewer where not enough fit, and says how many are missing", () => {
    const decision = decide(copied({ count: 6 }), snapshot(fleet), detail);
    expect(decision).toMatchObject({ outcome: "placed", missing: 2 });
    expect(decision.reason.message).toContain("no cluster fits for 2 of 6 copies");
  });

  it("keeps places that fit, and exchanges one at a time for a better one", () => {
    const first = decide(copied({ count: 2 }, ["a", "c"]), snapshot(fleet), detail);
    expect(first).toMatchObject({ outcome: "moved", replaced: [{ from: "a", to: "b" }] });
    expect(names(first)).toEqual(["b", "c"]);
    const waiting = copied({ count: 2 }, ["a", "c"], { healthy: false });
    expect(decide(waiting, snapshot(fleet), detail)).toMatchObject({
      outcome: "stayed",
      reason: { code: "Migrating" },
    });
    const recent = copied({ count: 2 }, ["a", "c"]);
    const again = { ...recent, status: { ...recent.status, scheduled: timeAgo(1_000) } };
    expect(decide(again, snapshot(fleet), detail)).toMatchObject({
      outcome: "stayed",
      reason: { code: "MovedRecently" },
    });
  });

  it("leaves a lost cluster for the best that is left, at its number", () => {
    const lost = [scored("a", 0.1), scored("b", 0.9, { state: "OFFLINE" }), scored("c", 0.5)];
    const decision = decide(copied({ count: 2 }, ["b", "c"]), snapshot(lost), detail);
    expect(names(decision)).toEqual(["a", "c"]);
    expect(decision).toMatchObject({
      outcome: "moved",
      reason: { code: "CurrentNoLongerFits" },
      replaced: [{ from: "b", to: "a" }],
    });
  });

  it("stays where it does not fit when there is nothing else, but not on a cluster that is taken away", () => {
    const drained = [scored("b", 0.9, { drain: true }), scored("c", 0.5)];
    expect(decide(copied({ count: 2 }, ["b", "c"]), snapshot(drained), detail).outcome).toBe(
      "stayed",
    );
    const deleted = [scored("b", 0.9, { deleted: true }), scored("c", 0.5)];
    const decision = decide(copied({ count: 2 }, ["b", "c"]), snapshot(deleted), detail);
    expect(names(decision)).toEqual(["c"]);
    expect(decision.missing).toBe(1);
    const nothing = decide(copied({ count: 1 }, ["b"]), snapshot(deleted.slice(0, 1)), detail);
    expect(nothing).toMatchObject({ outcome: "unplaceable", chosen: null, places: [] });
  });

  it("leaves each that does not fit any more when it is on all that do, but waits for those that are away", () => {
    const on = ["a", "b", "c", "d"];
    const all = (changed: object, labels: readonly string[] = []) => {
      const other = fleet.map((one) => (one.name === "b" ? { ...one, ...changed } : one));
      return names(decide(copied({ count: "all" }, on, { labels }), snapshot(other), detail));
    };
    const drained = scored("b", 0.9, { drain: true });
    expect(all(drained)).toEqual(["a", "c", "d"]);
    expect(all(scored("b", 0.9, { state: "OFFLINE" }))).toEqual(on);
    expect(all(scored("b", 0.9, { state: "OFFLINE", drain: true }))).toEqual(["a", "c", "d"]);
    expect(all(scored("b", 0.9, { labels: { zone: "x" } }), ["zone is x"])).toEqual(["b"]);
    // Better there than nowhere.
    expect(all({}, ["zone is x"])).toEqual(on);
  });

  it("goes nowhere when it may not move or its work is done, and comes to more places only when it may", () => {
    const fixed = copied({ count: 3 }, ["a", "c"], { migration: false });
    expect(names(decide(fixed, snapshot(fleet), detail))).toEqual(["a", "c", "b"]);
    const done = copied({ count: 3 }, ["a", "c"], { completed: 3 });
    const decision = decide(done, snapshot(fleet), detail);
    expect([decision.outcome, decision.reason.code]).toEqual(["stayed", "Completed"]);
  });

  it("gives up the worst when fewer are wanted", () => {
    const decision = decide(copied({ count: 1 }, ["a", "b", "c"]), snapshot(fleet), detail);
    expect(decision).toMatchObject({ outcome: "moved", reason: { code: "FewerCopiesWanted" } });
    expect(names(decision)).toEqual(["b"]);
  });

  it("divides replicas by what it says, and leaves the shares alone while nothing else changes", () => {
    const shares = (copies: Partial<Copies>, on?: readonly string[]) =>
      decide(
        copied({ count: 2, replicas: "divided", ...copies }, on),
        snapshot(fleet),
        detail,
      ).places!.map(({ share }) => share);
    expect(shares({})).toEqual([1, 1]);
    expect(shares({ divide_by: "score" })).toEqual([0.9, 0.7]);
    expect(shares({ divide_by: "capacity" })).toEqual([1, 1]);
    expect(shares({ divide_by: "score" }, ["b", "d"])).toEqual([1, 1]);
    const sized = [
      scored("a", 0.5, {
        free: { cpuCores: 6, memoryBytes: 1e9, pods: 10 },
        labels: { big: "yes" },
      }),
      scored("b", 0.4, { free: { cpuCores: 2, memoryBytes: 1e9, pods: 10 } }),
    ];
    const by = (copies: Partial<Copies>) =>
      decide(
        copied({ count: 2, replicas: "divided", ...copies }),
        snapshot(sized),
        detail,
      ).places!.map(({ share }) => share);
    expect(by({ divide_by: "capacity" })).toEqual([6, 2]);
    expect(by({ divide_by: "weights", weights: [{ clusters: "big is yes", weight: 5 }] })).toEqual([
      5, 1,
    ]);
  });
});

const value = fc.constantFrom(0, 0.2, 0.4, 0.6, 0.8, 1);
const region = fc.constantFrom("north", "south", "east");
const cluster = fc.record({
  value,
  region,
  state: fc.constantFrom("ONLINE", "ONLINE", "ONLINE", "OFFLINE"),
  drain: fc.boolean(),
});
const world = fc.record({
  clusters: fc.array(cluster, { minLength: 1, maxLength: 8 }),
  on: fc.uniqueArray(fc.nat(7), { maxLength: 4 }),
  count: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant("all" as const)),
  spread: fc.option(fc.constant({ by: "region", max_skew: 1 }), { nil: undefined }),
  healthy: fc.boolean(),
});

function decided({
  clusters,
  on,
  count,
  spread,
  healthy,
}: typeof world extends fc.Arbitrary<infer T> ? T : never) {
  const fleet = clusters.map(({ value: score, region: label, state, drain }, index) =>
    scored(`c${index}`, score, { labels: { region: label }, state, drain }),
  );
  const places = on.filter((index) => index < clusters.length).map((index) => `c${index}`);
  const app = copied({ count, ...(spread ? { spread } : {}) }, places, { healthy });
  return { app, fleet, places, decision: decide(app, snapshot(fleet), detail) };
}

describe("whatever the fleet and wherever the copies are", () => {
  it("no place is named twice, never more than asked for, and new ones fit", () => {
    fc.assert(
      fc.property(world, (given) => {
        const { decision, places, fleet } = decided(given);
        const after = names(decision);
        expect(new Set(after).size).toBe(after.length);
        if (given.count !== "all") expect(after.length).toBeLessThanOrEqual(given.count);
        for (const name of after.filter((one) => !places.includes(one))) {
          const found = fleet.find((one) => one.name === name)!;
          expect([found.state, found.isDrained]).toEqual(["ONLINE", false]);
        }
        expect(decision.chosen?.name).toBe(after[0]);
      }),
    );
  });

  it("at most one that fits is given up, unless fewer are wanted; and then it is for a better one", () => {
    fc.assert(
      fc.property(world, (given) => {
        const { decision, places, fleet } = decided(given);
        const fits = (name: string): boolean => {
          const found = fleet.find((one) => one.name === name)!;
          return found.state === "ONLINE" && !found.isDrained;
        };
        const gone = places.filter((name) => fits(name) && !names(decision).includes(name));
        const wanted = given.count === "all" ? 20 : given.count;
        const tooMany = Math.max(0, places.length - wanted);
        expect(gone.length).toBeLessThanOrEqual(tooMany + (places.length === wanted ? 1 : 0));
        if (tooMany > 0 || gone.length === 0) return;
        const scoreOf = (name: string) => fleet.find((one) => one.name === name)!.weightedSum;
        const [exchange] = decision.replaced!;
        expect(scoreOf(exchange!.to)).toBeGreaterThanOrEqual(scoreOf(exchange!.from));
      }),
    );
  });

  it("decided again on what was decided, it comes to rest, and stays there", () => {
    fc.assert(
      fc.property(world, (given) => {
        const { fleet, ...first } = decided({ ...given, healthy: true });
        let { app, decision } = first;
        for (let step = 0; step < 20 && decision.outcome === "moved"; step += 1) {
          app = copied(app.spec.placement!.copies!, names(decision));
          decision = decide(app, snapshot(fleet), detail);
        }
        expect(["stayed", "unplaceable", "placed"]).toContain(decision.outcome);
      }),
    );
  });

  it("the order of the clusters changes nothing", () => {
    fc.assert(
      fc.property(world, (given) => {
        const { app, fleet, decision } = decided(given);
        const other = decide(app, snapshot(fleet.toReversed()), detail);
        expect(names(other)).toEqual(names(decision));
      }),
    );
  });

  it("new copies are spread as evenly as was asked for", () => {
    fc.assert(
      fc.property(world, (given) => {
        const { decision, fleet } = decided({
          ...given,
          on: [],
          spread: { by: "region", max_skew: 1 },
        });
        const regionOf = (name: string) =>
          fleet.find((one) => one.name === name)!.labels["region"]!;
        const fitting = fleet.filter(({ state, isDrained }) => state === "ONLINE" && !isDrained);
        const counts = new Map(fitting.map(({ labels }) => [labels["region"]!, 0]));
        for (const name of names(decision))
          counts.set(regionOf(name), counts.get(regionOf(name))! + 1);
        if (counts.size === 0) return;
        expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
      }),
    );
  });
});
