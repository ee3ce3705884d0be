import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlanRequest } from "@octoplane/kinds/placement-plan";
import { decide } from "./decide.ts";
import {
  application,
  candidate,
  failing,
  reading,
  snapshot,
  type AppFacts,
} from "./testing/facts.ts";
import { changedFleet, planRows, withChoice } from "./what-if.ts";

const scale = { min: 0, max: 10, direction: "lower" } as const;
const nothing: Pick<PlanRequest, "clusters_lost" | "metrics"> = { clusters_lost: [], metrics: [] };
const fleet = [
  candidate({ name: "a", readings: [reading("load", 1, 0.2)] }),
  candidate({ name: "b", readings: [reading("load", 1, 0.6), failing("heat")] }),
  candidate({ name: "c", readings: [reading("load", 1, 0.4)] }),
];

describe("a changed fleet", () => {
  it("has the values that are asked about, normalised, on one cluster or on all", () => {
    const one = { ...nothing, metrics: [{ metric: "load", cluster: "a", value: 2 }] };
    const { candidates, warnings } = changedFleet(fleet, one, () => scale);
    expect(warnings).toEqual([]);
    expect(candidates.map(({ weightedSum }) => weightedSum)).toEqual([0.8, 0.6, 0.4]);
    expect(candidates.slice(1)).toEqual(fleet.slice(1));
    const all = changedFleet(
      fleet,
      { ...nothing, metrics: [{ metric: "load", value: 0 }] },
      () => scale,
    );
    expect(all.candidates.map(({ values }) => values.get("load"))).toEqual([0, 0, 0]);
  });

  it("counts a number out of range as none, and gives one to a metric that had none", () => {
    const wild = changedFleet(
      fleet,
      { ...nothing, metrics: [{ metric: "load", value: 99 }] },
      () => scale,
    );
    expect(wild.candidates[0]).toMatchObject({ isRanked: false, state: "FAILING_METRICS" });
    const mended = changedFleet(
      fleet,
      { ...nothing, metrics: [{ metric: "heat", value: 5 }] },
      () => scale,
    );
    expect(mended.candidates[1]).toMatchObject({ isRanked: true, weightedSum: 1.1 });
  });

  it("is the same when nothing is asked", () => {
    expect(changedFleet(fleet, nothing, () => scale).candidates).toEqual(fleet);
  });

  it("says of what is not there that it is not", () => {
    const asked = {
      clusters_lost: ["x"],
      metrics: [
        { metric: "cold", value: 1 },
        { metric: "load", cluster: "y", value: 1 },
      ],
    };
    expect(changedFleet(fleet, asked, () => scale).warnings).toEqual([
      "there is no cluster x",
      "no cluster names a metric cold",
      "there is no metric load of a cluster y",
    ]);
  });
});

describe("a row of a plan", () => {
  const row = (facts: AppFacts, lost: readonly string[] = []) => {
    const app = application(facts);
    const changed = changedFleet(fleet, { ...nothing, clusters_lost: [...lost] }, () => scale);
    const before = decide(app, snapshot(fleet), 2);
    return planRows(app, decide(app, snapshot(changed.candidates), 2), before)[0];
  };
  const long = 10_000_000;

  it("tells what would become of an application, from where, to where, and what it gains", () => {
    // The second cluster has a metric without a value, and comes after those that have all.
    expect(row({ on: "c", sinceMs: long })).toMatchObject({ outcome: "stays", to: { name: "c" } });
    expect(row({ on: "a", sinceMs: long })).toMatchObject({
      outcome: "moves",
      from: { name: "a" },
      to: { name: "c" },
      already: true,
    });
    expect(row({ on: "c", sinceMs: long }, ["c"])).toMatchObject({
      outcome: "moves",
      to: { name: "a" },
      gain: null,
      already: false,
    });
    expect(row({ on: "c" }, ["a", "b", "c"])).toMatchObject({ outcome: "unplaceable", to: null });
    expect(row({})).toMatchObject({ outcome: "placed", from: null, to: { name: "c" } });
  });

  it("tells of one that is held where it would go, and why it waits", () => {
    expect(row({ on: "a", sinceMs: 0 })).toMatchObject({
      outcome: "held",
      to: { name: "c" },
      reason: { code: "MovedRecently" },
    });
    expect(row({ on: "a", migration: false })).toMatchObject({
      outcome: "held",
      reason: { code: "MigrationDisabled" },
    });
  });

  it("never loses an application: it moves, is placed, stays, is held, or fits nowhere", () => {
    const names = ["a", "b", "c"] as const;
    const anyFacts = fc.record({
      on: fc.constantFrom(null, ...names),
      sinceMs: fc.constantFrom(0, long),
      migration: fc.boolean(),
    });
    fc.assert(
      fc.property(anyFacts, fc.subarray([...names]), (facts, lost) => {
        const { outcome, to, from } = row(facts, lost);
        expect(from?.name ?? null).toBe(facts.on);
        if (outcome === "stays") expect(to).toEqual(from);
        if (outcome === "moves" || outcome === "placed") expect(lost).not.toContain(to!.name);
        // On the second one's missing metric nothing new is placed.
        if (outcome === "unplaceable") expect(lost).toEqual(expect.arrayContaining(["a", "c"]));
      }),
    );
  });
});

it("an application that tries a policy is otherwise the same", () => {
  const app = application();
  expect(withChoice(app, {})).toBe(app);
  const tried = withChoice(app, { policy: "p" });
  expect(tried.spec.placement).toEqual({ policy: "p", weights: {} });
  expect(withChoice(app, { weights: { load: 2 } }).spec.placement).toEqual({
    weights: { load: 2 },
  });
});

it("of several copies each has a row of its own", () => {
  const plain = application({ on: "a" });
  const copies = { count: 2, replicas: "duplicated", divide_by: "even", weights: [] } as const;
  const place = (name: string) => {
    const cluster = { api: "kubernetes", kind: "Cluster", namespace: "n", name };
    return { cluster, share: null };
  };
  const app = {
    ...plain,
    spec: { ...plain.spec, placement: { copies: { ...copies, weights: [] } } },
    status: { ...plain.status, places: [place("a"), place("c")], copies: [] },
  };
  const rows = (lost: readonly string[]) => {
    const changed = changedFleet(fleet, { ...nothing, clusters_lost: [...lost] }, () => scale);
    const before = decide(app, snapshot(fleet), 2);
    return planRows(app, decide(app, snapshot(changed.candidates), 2), before);
  };
  expect(rows([])).toMatchObject([{ outcome: "stays" }]);
  // On the second cluster a metric is missing, so nothing new comes there.
  expect(rows(["c"])).toMatchObject([{ outcome: "unplaceable", from: { name: "c" } }]);
});
