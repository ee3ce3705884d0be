import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Taint, Toleration } from "@octoplane/kinds/taint";
import type { Candidate } from "./candidate.ts";
import { decide } from "./decide.ts";
import type { Snapshot } from "./snapshot.ts";
import {
  application,
  candidate,
  detail,
  failing,
  intervalMs,
  reading,
  snapshot,
  type AppFacts,
} from "./testing/facts.ts";

/** What holds of every decision, over worlds with every kind of constraint at once. */

type ClusterFacts = Parameters<typeof candidate>[0];

const names = ["a", "b", "c", "d", "e"] as const;
const gibi = 2 ** 30;

const anyTaint: fc.Arbitrary<Taint> = fc.record({
  key: fc.constantFrom("gpu", "repair"),
  value: fc.constantFrom("", "yes"),
  effect: fc.constantFrom("NoSchedule", "NoExecute"),
});

const anyReadings = fc
  .tuple(
    fc.constantFrom(undefined, 0.1, 0.2, 0.3, 0.7, "failing" as const),
    fc.constantFrom(undefined, 0.1, 0.2, 0.3, 0.6),
    fc.constantFrom(undefined, 0.2, 0.4),
    fc.constantFrom(0.1, 0.3, 1),
  )
  .map(([load, price, heat, weight]) => [
    ...(load === undefined
      ? []
      : [load === "failing" ? failing("load") : reading("load", weight, load)]),
    ...(price === undefined ? [] : [reading("price", 0.2, price)]),
    ...(heat === undefined ? [] : [reading("heat", 0.7, heat)]),
  ]);

const anyClusterFacts = fc
  .record({
    name: fc.constantFrom(...names),
    state: fc.constantFrom("ONLINE", "ONLINE", "ONLINE", "OFFLINE", "NOTREADY"),
    deleted: fc.constantFrom(false, false, false, true),
    cordoned: fc.constantFrom(false, false, true),
    drain: fc.constantFrom(false, false, false, true),
    labels: fc.constantFrom<Readonly<Record<string, string>>[]>(
      {},
      { zone: "x", version: "v1.9.0" },
      { zone: "y", version: "v1.29.3" },
    ),
    customResources: fc.constantFrom([], ["widgets.example.org"]),
    taints: fc.array(anyTaint, { maxLength: 2 }),
    readings: anyReadings,
    free: fc.constantFrom(undefined, { cpuCores: 0.5, memoryBytes: gibi, pods: 5 }),
  })
  .map(({ free, ...facts }): ClusterFacts => ({ ...facts, ...(free && { free }) }));

const anyClusters = fc
  .uniqueArray(anyClusterFacts, { selector: ({ name }) => name, maxLength: names.length })
  .map((all) => all.toSorted((a, b) => (a.name < b.name ? -1 : 1)));

/** A demand on clusters, and by itself what it means. */
interface Demand {
  readonly facts: AppFacts;
  readonly holds: (cluster: ClusterFacts) => boolean;
}

const valueOf = (cluster: ClusterFacts, metric: string): number => {
  const found = cluster.readings?.find(({ name }) => name === metric);
  return found?.ok ? found.raw : NaN;
};

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: { containers: [{ name: "p", resources: { requests: { cpu: "1" } } }] },
};

const demands: readonly Demand[] = [
  { facts: { labels: ["zone is x"] }, holds: ({ labels }) => labels?.["zone"] === "x" },
  { facts: { labels: ["!zone"] }, holds: ({ labels }) => labels?.["zone"] === undefined },
  {
    facts: { labels: ["zone not in (x)", "version >= semver 1.10"] },
    holds: ({ labels }) => labels?.["zone"] === "y",
  },
  { facts: { metrics: ["load < 0.25"] }, holds: (cluster) => valueOf(cluster, "load") < 0.25 },
  {
    facts: { metrics: ["0.1 < price <= 0.3"] },
    holds: (cluster) => valueOf(cluster, "price") > 0.1 && valueOf(cluster, "price") <= 0.3,
  },
  {
    facts: { customResources: ["widgets.example.org"] },
    holds: ({ customResources }) => customResources?.includes("widgets.example.org") === true,
  },
  {
    facts: { more: { expressions: ['labels.zone == "y" || metrics.heat > 0.3'] } },
    holds: (cluster) => cluster.labels?.["zone"] === "y" || valueOf(cluster, "heat") > 0.3,
  },
  { facts: { placement: { cluster: "b" } }, holds: ({ name }) => name === "b" },
];

const tolerations: readonly (readonly Toleration[])[] = [
  [],
  [{ key: "gpu", operator: "Exists", value: "", effect: null, seconds: null }],
  [
    { key: "repair", operator: "Equal", value: "yes", effect: "NoExecute", seconds: null },
    { key: "gpu", operator: "Equal", value: "yes", effect: null, seconds: null },
  ],
];

const anyAsked = fc
  .record({
    on: fc.constantFrom(null, null, ...names),
    sinceMs: fc.constantFrom(0, intervalMs),
    demanded: fc.subarray([...demands], { maxLength: 3 }),
    tolerations: fc.constantFrom(...tolerations),
    requests: fc.boolean(),
    preferred: fc.constantFrom(
      [],
      [
        { weight: 3, labels: "zone is y" },
        { weight: 1, metrics: "load > 0.15" },
        { weight: 2, labels: "version exists" },
      ],
    ),
  })
  .map(({ demanded, requests, ...facts }) => {
    const all = demanded.map((one) => one.facts);
    const app: AppFacts = {
      ...facts,
      labels: all.flatMap(({ labels }) => labels ?? []),
      metrics: all.flatMap(({ metrics }) => metrics ?? []),
      customResources: all.flatMap(({ customResources }) => customResources ?? []),
      more: Object.assign({}, ...all.map(({ more }) => more)) as NonNullable<AppFacts["more"]>,
      placement: Object.assign({}, ...all.map(({ placement }) => placement)) as object,
      manifest: requests ? [pod] : [],
    };
    return { facts: app, demanded, requests };
  });

function made(clusters: readonly ClusterFacts[]): readonly Candidate[] {
  return clusters.map((facts) => candidate(facts));
}

function tolerates(all: readonly Toleration[], taint: Taint): boolean {
  return all.some(({ key, operator, value, effect }) => {
    const sameValue = operator === "Exists" || value === taint.value;
    return key === taint.key && sameValue && (effect === null || effect === taint.effect);
  });
}

const essence = ({ outcome, chosen, reason }: ReturnType<typeof decide>) => ({
  outcome,
  chosen: chosen?.name,
  code: reason.code,
});

it("a placed application satisfies every required constraint", () => {
  let placed = 0;
  fc.assert(
    fc.property(anyAsked, anyClusters, ({ facts, demanded, requests }, clusters) => {
      const { outcome, chosen } = decide(application(facts), snapshot(made(clusters)), detail);
      const cluster = clusters.find(({ name }) => name === chosen?.name);
      if (cluster === undefined) return;
      placed += 1;
      const comes = outcome === "placed" || outcome === "moved";
      for (const { holds } of demanded) expect(holds(cluster)).toBe(true);
      expect([cluster.state, cluster.deleted, cluster.drain]).toEqual(["ONLINE", false, false]);
      const refused = (cluster.taints ?? []).filter(
        (taint) => !tolerates(facts.tolerations ?? [], taint),
      );
      if (comes) {
        expect(cluster.cordoned).toBe(false);
        expect(refused).toEqual([]);
        expect(cluster.readings?.every(({ ok }) => ok)).toBe(true);
        if (requests) expect(cluster.free).toBeUndefined();
      }
      expect(refused.filter(({ effect }) => effect === "NoExecute")).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
  expect(placed).toBeGreaterThan(100);
});

describe("no decision depends on the order of inputs", () => {
  const shuffled = <T>(all: readonly T[] | undefined, keys: readonly number[]): T[] =>
    (all ?? [])
      .map((one, index) => ({ one, key: keys[index % keys.length]! * (index + 7) }))
      .toSorted((a, b) => (a.key % 11) - (b.key % 11))
      .map(({ one }) => one);
  const anyKeys = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 3, maxLength: 9 });

  it("of clusters, and of what stands in them and in the application", () => {
    fc.assert(
      fc.property(anyAsked, anyClusters, anyKeys, ({ facts }, clusters, keys) => {
        const before = decide(application(facts), snapshot(made(clusters)), detail);
        const others = shuffled(clusters, keys).map((cluster) => ({
          ...cluster,
          taints: shuffled(cluster.taints, keys),
          readings: shuffled(cluster.readings, keys),
        }));
        const app = {
          ...facts,
          labels: shuffled(facts.labels, keys),
          metrics: shuffled(facts.metrics, keys),
          tolerations: shuffled(facts.tolerations, keys),
          preferred: shuffled(facts.preferred, keys),
        };
        const after = decide(application(app), snapshot(made(others)), detail);
        expect(essence(after)).toEqual(essence(before));
        expect([after.runner_up, after.margin]).toEqual([before.runner_up, before.margin]);
        expect(after.candidates.map(({ score }) => score)).toEqual(
          before.candidates.map(({ score }) => score),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

it("equal input, equal decision", () => {
  fc.assert(
    fc.property(anyAsked, anyClusters, ({ facts }, clusters) => {
      const [one, other] = [0, 1].map(() =>
        decide(application(facts), snapshot(structuredClone(made(clusters))), detail),
      );
      expect(other).toEqual(one);
    }),
  );
});

describe("a worse cluster that is added changes nothing", () => {
  const decisionWith = (
    facts: AppFacts,
    clusters: readonly ClusterFacts[],
    more: Partial<Snapshot> = {},
  ) => decide(application(facts), { ...snapshot(made(clusters)), ...more }, detail);
  const anywhere = fc.constantFrom("0-first", "zz-last");

  it("when nothing can come to it", () => {
    const shut = fc.constantFrom<Partial<ClusterFacts>[]>(
      { state: "OFFLINE" },
      { deleted: true },
      { cordoned: true },
      { drain: true },
      { taints: [{ key: "else", value: "", effect: "NoSchedule" }] },
      { readings: [failing("load")] },
    );
    fc.assert(
      fc.property(
        anyAsked,
        anyClusters,
        anyClusterFacts,
        shut,
        anywhere,
        (asked, clusters, like, why, name) => {
          const { facts } = asked;
          const more = [...clusters, { ...like, ...why, name }];
          const [before, after] = [decisionWith(facts, clusters), decisionWith(facts, more)];
          expect(essence(after)).toEqual(essence(before));
          expect(after.reason).toEqual(before.reason);
          expect([after.runner_up, after.margin]).toEqual([before.runner_up, before.margin]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("when its value is the least of all, or it has none where others have", () => {
    let compared = 0;
    fc.assert(
      fc.property(
        anyAsked,
        anyClusters,
        fc.tuple(anyClusterFacts, anywhere, fc.boolean()),
        ({ facts: asked }, clusters, [like, name, isMeasured]) => {
          const facts = { ...asked, preferred: [] };
          const before = decisionWith(facts, clusters);
          const [best] = before.candidates;
          const known = clusters.find((one) => one.name === best?.cluster.name)?.readings ?? [];
          fc.pre(best?.fits === true && known.length > 0 && known.every(({ ok }) => ok));
          compared += 1;
          const readings = isMeasured ? [reading("load", 1, 0), reading("price", 1, 0)] : [];
          const worse = { ...like, state: "ONLINE", deleted: false, name, readings };
          expect(essence(decisionWith(facts, [...clusters, worse]))).toEqual(essence(before));
        },
      ),
      { numRuns: 1_000 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
