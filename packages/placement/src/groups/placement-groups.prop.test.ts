import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Preference } from "@octoplane/kinds/constraints";
import type { Candidate } from "../candidate.ts";
import { decide } from "../decide.ts";
import { application, candidate, intervalMs, now, reading, snapshot } from "../testing/facts.ts";
import { PlacementGroups } from "./placement-groups.ts";

/** A change of one cluster, and applications that were decided on before: who is not told would decide the same as before. */

const clusterFacts = fc.record({
  state: fc.constantFrom("ONLINE", "ONLINE", "ONLINE", "OFFLINE"),
  drain: fc.constantFrom(false, false, true),
  cordoned: fc.constantFrom(false, false, true),
  deleted: fc.constantFrom(false, false, false, true),
  tier: fc.constantFrom("gold", "silver", undefined),
  load: fc.option(fc.constantFrom(0, 0.25, 0.5, 0.75, 1), { nil: undefined }),
  price: fc.option(fc.constantFrom(0, 0.5, 1), { nil: undefined }),
});
type ClusterFacts = typeof clusterFacts extends fc.Arbitrary<infer T> ? T : never;

function clusterOf(name: string, facts: ClusterFacts): Candidate {
  const { tier, load, price, ...rest } = facts;
  return candidate({
    ...rest,
    name,
    labels: tier === undefined ? {} : { tier },
    readings: [
      ...(load === undefined ? [] : [reading("load", 1, load)]),
      ...(price === undefined ? [] : [reading("price", 2, price)]),
    ],
  });
}

const appFacts = fc.record({
  labels: fc.constantFrom<readonly string[] | undefined>(undefined, ["tier is gold"], ["tier"]),
  metrics: fc.constantFrom<readonly string[] | undefined>(undefined, ["load > 0.3"]),
  preferred: fc.constantFrom<readonly Preference[] | undefined>(undefined, [
    { weight: 3, labels: "tier is gold" },
  ]),
  migration: fc.constantFrom(true, true, false),
  copies: fc.constantFrom<number | undefined>(undefined, undefined, 2),
  expressions: fc.constantFrom<string[] | undefined>(undefined, ["metrics.price < 0.8"]),
});
type AppFacts = typeof appFacts extends fc.Arbitrary<infer T> ? T : never;

function appOf(name: string, facts: AppFacts): Application {
  const { labels, metrics, preferred, migration, copies, expressions } = facts;
  return application({
    name,
    migration,
    rescheduleAfter: 0,
    ...(labels && { labels }),
    ...(metrics && { metrics }),
    ...(preferred && { preferred }),
    ...(expressions && { more: { expressions } }),
    ...(copies && {
      placement: {
        copies: { count: copies, replicas: "duplicated", divide_by: "even", weights: [] },
      },
    }),
  });
}

/** As the scheduler would leave it: decided on until nothing changes any more. */
function settled(app: Application, candidates: readonly Candidate[]): Application {
  let current = app;
  for (let step = 0; step < 20; step += 1) {
    const { outcome, chosen, places } = decide(current, snapshot(candidates), 8);
    const scheduled = {
      type: "Scheduled",
      status: chosen === null ? ("False" as const) : ("True" as const),
      reason: "",
      message: "",
      observed_generation: 3,
      last_transition_time: "",
    };
    const healthy = { ...scheduled, type: "Healthy", status: "True" as const, reason: "Healthy" };
    const conditions = [scheduled, healthy];
    current = { ...current, status: { ...current.status, conditions } };
    if (outcome === "stayed" || chosen === null) return current;
    const ref = (place: { readonly name: string }) => ({
      api: "kubernetes",
      kind: "Cluster",
      namespace: "n",
      name: place.name,
    });
    current = {
      ...current,
      status: {
        ...current.status,
        scheduled_to: ref(chosen),
        scheduled: new Date(now - intervalMs).toISOString(),
        ...(places && { places: places.map((place) => ({ cluster: ref(place), share: null })) }),
      },
    };
  }
  return current;
}

const whereOf = (app: Application, candidates: readonly Candidate[]): unknown => {
  const { outcome, chosen, places } = decide(app, snapshot(candidates), 8);
  return { outcome, chosen, places };
};

describe("who is not told of a change of a cluster", () => {
  it("decides after it as before it", () => {
    const world = fc.record({
      clusters: fc.array(clusterFacts, { minLength: 1, maxLength: 6 }),
      apps: fc.array(appFacts, { minLength: 1, maxLength: 8 }),
      changed: fc.nat(6),
      next: fc.option(clusterFacts, { nil: undefined }),
    });
    fc.assert(
      fc.property(world, ({ clusters, apps, changed, next }) => {
        const fleet = clusters.map((facts, index) => clusterOf(`c${index}`, facts));
        const name = `c${changed}`;
        const before = fleet.find((one) => one.name === name);
        const after = next && clusterOf(name, next);
        const others = fleet.filter((one) => one !== before);
        const later = [...others, ...(after ? [after] : [])].toSorted((a, b) =>
          a.name < b.name ? -1 : 1,
        );
        const groups = new PlacementGroups(0.1);
        const all = apps.map((facts, index) => settled(appOf(`a${index}`, facts), fleet));
        for (const app of all) groups.put(`n/${app.metadata.name}`, app);
        const concerned = groups.concernedBy("n", {
          name,
          before,
          after,
          candidate: (other) => later.find((one) => one.name === other),
          now,
        });
        for (const app of all) {
          if (concerned.has(`n/${app.metadata.name}`)) continue;
          expect(whereOf(app, later)).toEqual(whereOf(app, fleet));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a change of one metric", () => {
  const on = (name: string, cluster: string): Application => ({
    ...application({ name, on: cluster, rescheduleAfter: 0 }),
  });
  const loads = (values: Readonly<Record<string, number>>): readonly Candidate[] =>
    Object.entries(values).map(([name, value]) =>
      candidate({ name, readings: [reading("load", 1, value)] }),
    );
  const told = (
    groups: PlacementGroups,
    before: readonly Candidate[],
    after: readonly Candidate[],
  ): readonly string[] => {
    const keys = groups.concernedBy("n", {
      name: "b",
      before: before.find(({ name }) => name === "b"),
      after: after.find(({ name }) => name === "b"),
      candidate: (name) => after.find((one) => one.name === name),
      now,
    });
    return [...keys].toSorted();
  };

  it("concerns those who are there, and elsewhere those for whom it is better now", () => {
    const groups = new PlacementGroups(0.1);
    for (const [name, cluster] of [
      ["one", "a"],
      ["two", "b"],
      ["three", "c"],
    ] as const) {
      groups.put(`n/${name}`, on(name, cluster));
    }
    const before = loads({ a: 0.2, b: 0.1, c: 0.9 });
    expect(told(groups, before, loads({ a: 0.2, b: 0.15, c: 0.9 }))).toEqual(["n/two"]);
    expect(told(groups, before, loads({ a: 0.2, b: 0.5, c: 0.9 }))).toEqual(["n/one", "n/two"]);
    groups.holds("n/one", now + 1);
    expect(told(groups, before, loads({ a: 0.2, b: 0.5, c: 0.9 }))).toEqual(["n/two"]);
    groups.remove("n/two");
    expect(told(groups, before, loads({ a: 0.2, b: 0.15, c: 0.9 }))).toEqual([]);
  });
});
