import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, toPlain } from "@octoplane/shared/plain-data";
import type { Application } from "@octoplane/kinds/application";
import { limits } from "@octoplane/shared/limits";
import type { Candidate } from "./candidate.ts";
import { decide } from "./decide.ts";
import { applicationFacts, encodeInputs, replay } from "./decision-inputs.ts";
import { decodeFleet, encodeItem, fleetItems } from "./fleet.ts";
import { requestsOfApplication } from "./promises.ts";
import type { Snapshot } from "./snapshot.ts";
import { application, candidate, failing, now, reading } from "./testing/facts.ts";

const names = ["a", "b", "c", "d"] as const;
const anyName = fc.constantFrom(...names);
const anyShare = fc.constantFrom(0, 0.1, 0.25, 1 / 3, 0.5, 1);

const anyReadings = fc
  .record({
    load: fc.option(anyShare, { nil: undefined }),
    price: fc.option(fc.tuple(anyShare, fc.constantFrom(0, 0.5, -1, 3)), { nil: undefined }),
    isFailing: fc.boolean(),
  })
  .map(({ load, price, isFailing }) => [
    ...(load === undefined ? [] : [reading("load", 1, load)]),
    ...(price === undefined ? [] : [reading("price", price[1], price[0])]),
    ...(isFailing ? [failing("heat")] : []),
  ]);

const anyCandidates = fc
  .uniqueArray(
    fc.record({
      name: anyName,
      state: fc.constantFrom("ONLINE", "ONLINE", "OFFLINE"),
      cordoned: fc.boolean(),
      labels: fc.constantFrom({}, { zone: "x" }, { zone: "y", $set: "odd" }, { gpus: "3" }),
      customResources: fc.constantFrom([], ["certs.example.org"]),
      readings: anyReadings,
      capacity: fc.option(
        fc.record({
          cpu: fc.constantFrom(0, 0.5, 4),
          memory: fc.constantFrom(0, 1e9),
          pods: fc.nat(3),
        }),
        { nil: undefined },
      ),
    }),
    { selector: ({ name }) => name, maxLength: 4 },
  )
  .map((all) =>
    all
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ capacity, ...facts }): Candidate => ({
        ...candidate(facts),
        ...(capacity && {
          capacity: {
            cpu_cores: 4,
            memory_bytes: 1e9,
            pods: 10,
            nodes: 1,
            nodes_ready: 1,
            cpu_free_cores: capacity.cpu,
            memory_free_bytes: capacity.memory,
            pods_free: capacity.pods,
          },
        }),
      })),
  );

const anyFullUntil = fc.dictionary(anyName, fc.constantFrom(now - 1, now + 1_000, Infinity));

/** Every field that a snapshot may have: one that is added has to be added here, or this does not compile. */
const snapshotParts: { readonly [K in keyof Required<Snapshot>]: fc.Arbitrary<Snapshot[K]> } = {
  now: fc.constantFrom(now, now + 60_000),
  candidates: anyCandidates,
  stickiness: fc.constantFrom(0, 0.1, 1),
  rescheduleAfterMs: fc.constantFrom(0, 60_000),
  placement: fc.constantFrom(
    undefined,
    { rules: { load: { whenStale: "exclude" } } },
    { policy: null, rules: {} },
    {
      policy: {
        name: "p",
        namespaced: true,
        spec: { objectives: [{ metric: "load", weight: 2 }], minimum_gain: 0.1 },
      },
      rules: { load: { whenStale: "neutral" } },
    },
  ),
  calm: fc.option(
    fc.record({
      movesPerHour: fc.constantFrom(0, 4, Infinity),
      fleetFullUntil: fc.constantFrom(null, now + 5_000),
      leavingFullUntil: anyFullUntil,
      arrivingFullUntil: anyFullUntil,
      brake: fc.constantFrom(null, { until: now + 9_000, vanished: 3, of: 4 }),
      migrationTimeoutMs: fc.constantFrom(0, 600_000),
    }),
    { nil: undefined },
  ),
  newCluster: fc.option(
    fc.record({
      candidates: anyCandidates,
      startupMs: fc.constantFrom(0, 60_000),
      horizonMs: fc.constant(3_600_000),
      waitMs: fc.constant(60_000),
      retryMs: fc.constant(60_000),
      shape: fc.constant({ cpuCores: 2, memoryBytes: 0 }),
    }),
    { nil: undefined },
  ),
  neighbours: fc.option(
    fc.record({
      applications: fc.tuple(fc.dictionary(anyName, fc.nat(2))),
      spread: fc.constant([]),
      keptAway: fc.constant([]),
    }),
    { nil: undefined },
  ),
  promised: fc.option(
    fc.dictionary(
      anyName,
      fc.record({ cpuCores: anyShare, memoryBytes: fc.constantFrom(0, 1e8), pods: fc.nat(2) }),
    ),
    { nil: undefined },
  ),
  localData: fc.constantFrom(undefined, "the directory /data of a node"),
};

const anySnapshot = fc.record(snapshotParts).map((parts) => {
  const entries = Object.entries(parts).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries) as unknown as Snapshot;
});

const pod = (cpu: string, more: object = {}) => ({
  containers: [{ name: "c", image: "i", resources: { requests: { cpu, memory: "100Mi" } } }],
  initContainers: [{ name: "i", restartPolicy: "Always", resources: { limits: { cpu } } }],
  overhead: { cpu: "10m" },
  ...more,
});
const anyManifest = fc.constantFrom(
  [],
  [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: { a: "long" } }],
  [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      spec: { replicas: 2, selector: {}, template: { spec: pod("300m") } },
    },
    { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: pod("1") },
  ],
  [
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "j" },
      spec: {
        schedule: "* * * * *",
        jobTemplate: { spec: { parallelism: 3, completions: 2, template: { spec: pod("2") } } },
      },
    },
  ],
);

const anyApp = fc
  .record({
    on: fc.constantFrom(null, ...names),
    sinceMs: fc.constantFrom(0, 59_999, 600_000),
    migration: fc.constantFrom(true, true, false),
    labels: fc.constantFrom([], ["zone is x"], ["not a constraint ("]),
    metrics: fc.constantFrom([], ["load >= 0.25"], ["0.1 < price <= 0.5"]),
    customResources: fc.constantFrom([], ["certs.example.org"]),
    preferred: fc.constantFrom([], [{ weight: 10, labels: "zone is y" }]),
    completed: fc.constantFrom(2, 3),
    manifest: anyManifest,
    more: fc.record({
      moves: fc.constantFrom(
        [],
        [{ time: new Date(now - 1_000).toISOString(), from: "a", to: "b" }],
      ),
      failed_moves: fc.constantFrom(
        [],
        [{ cluster: "b", time: new Date(now).toISOString(), count: 2, generation: 3 }],
      ),
    }),
    together: fc.boolean(),
    copies: fc.constantFrom(
      undefined,
      undefined,
      { count: 2, replicas: "duplicated", divide_by: "even", weights: [] },
      { count: "all", replicas: "divided", divide_by: "score", weights: [] },
    ),
  })
  .map(({ manifest, more, together, copies, ...facts }): Application => {
    const app = application(facts);
    const cluster = {
      ...app.spec.constraints.cluster,
      ...(together ? { applications: [{ together: "tier=db" }] } : {}),
    };
    const metadata = { ...app.metadata, uid: "u-1", labels: { app: "x" } };
    const constraints = { ...app.spec.constraints, cluster };
    const placement = copies === undefined ? {} : { placement: { copies } };
    const spec = { ...app.spec, manifest, constraints, ...placement };
    return {
      ...app,
      metadata,
      spec,
      status: { ...app.status, ...more, copies: [] },
    } as unknown as Application;
  });

const same = (value: unknown): string => canonicalJson(toPlain(value));
const overWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("what is recorded of a decision", () => {
  it("is enough to make it again, to the bit, after it has been JSON", () => {
    fc.assert(
      fc.property(anyApp, anySnapshot, (app, snapshot) => {
        const decision = decide(app, snapshot, limits.decisionCandidatesMax);
        const inputs = encodeInputs(app, snapshot, limits.decisionCandidatesMax);
        const items = fleetItems(snapshot.candidates, { stickiness: 0, rescheduleAfterMs: 0 });
        const state = new Map([...items].map(([name, item]) => [name, overWire(encodeItem(item))]));
        const { candidates } = decodeFleet(state);
        expect(candidates).toStrictEqual([...snapshot.candidates]);
        const replayed = replay(overWire(decision), overWire(inputs), candidates);
        expect(replayed.differences).toEqual([]);
        expect(replayed.identical).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("says where it differs, when it is not what comes of the inputs", () => {
    const candidates = [candidate({ name: "a", readings: [reading("load", 1, 0.5)] })];
    const app = application();
    const snapshot = { now, candidates, stickiness: 0.1, rescheduleAfterMs: 0 };
    const decision = decide(app, snapshot, 4);
    const inputs = encodeInputs(app, snapshot, 4);
    const other = [candidate({ name: "a", readings: [reading("load", 1, 0.25)] })];
    const replayed = replay(decision, inputs, other);
    expect(replayed.identical).toBe(false);
    expect(replayed.differences).toContainEqual({
      field: "candidates.0.score",
      recorded: "0.5",
      replayed: "0.25",
    });
  });

  it("holds nothing of the application that decides nothing", () => {
    const app = application();
    const manifest = [{ apiVersion: "v1", kind: "Secret", data: { key: "hidden" } }];
    const status = { ...app.status, complete_token: "hidden", last_applied_manifest: manifest };
    const full = { ...app, spec: { ...app.spec, manifest }, status } as Application;
    const snapshot = { now, candidates: [], stickiness: 0, rescheduleAfterMs: 0 };
    const inputs = encodeInputs(full, snapshot, 4);
    expect(JSON.stringify(inputs)).not.toContain("hidden");
  });

  it("of an application decides the same as the application itself", () => {
    fc.assert(
      fc.property(anyApp, anySnapshot, (app, snapshot) => {
        expect(same(decide(applicationFacts(app), snapshot, 4))).toBe(
          same(decide(app, snapshot, 4)),
        );
      }),
    );
  });

  it("of an application have nothing of its manifests that is secret, patches for single clusters among it", () => {
    const secret = "hunter2";
    const value = { password: secret };
    const app = application({
      placement: {
        weights: { load: 1 },
        overrides: [
          {
            patches: [
              { kind: "Secret", name: "s", operations: [{ op: "add", path: "/data", value }] },
            ],
          },
        ],
      },
    });
    const manifest = [{ apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: value }];
    const csar = `https://user:${secret}@example.org/a.csar`;
    const facts = applicationFacts({ ...app, spec: { ...app.spec, manifest, csar } });
    expect(JSON.stringify(facts)).not.toContain(secret);
    expect(facts.spec.placement).toEqual({ weights: { load: 1 } });
  });

  it("asks for as much of a cluster as the application does, Jobs of a migration left aside", () => {
    const app = application({});
    const job = (annotations: object) => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "save", annotations },
      spec: { template: { spec: { containers: [{ resources: { requests: { cpu: "2" } } }] } } },
    });
    const manifest = [job({}), job({ "octoplane.io/hook": "pre-migrate" })];
    const spec = { ...app.spec, manifest };
    expect(requestsOfApplication({ spec }).cpuCores).toBe(2);
    expect(requestsOfApplication(applicationFacts({ ...app, spec })).cpuCores).toBe(2);
  });
});
