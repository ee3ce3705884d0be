import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Candidate } from "./candidate.ts";
import { decide } from "./decide.ts";
import type { Snapshot } from "./snapshot.ts";
import { calm, policy } from "./testing/calm-facts.ts";
import {
  application,
  candidate,
  failing,
  intervalMs,
  now,
  reading,
  snapshot,
} from "./testing/facts.ts";
import {
  oracle,
  type Gate,
  type OracleApp,
  type OracleCluster,
  type OracleFleet,
  type Verdict,
} from "./testing/oracle.ts";

/** Every combination of small worlds, decided by the product and by the rules as the documents have them. */

const names = ["a", "b", "c"] as const;

/** What is the same for all clusters. */
type Settings = Omit<OracleFleet, "clusters">;

type Choices<T> = { readonly [K in keyof T]: readonly T[K][] };

/** Every combination of one choice for each field. */
function every<T extends object>(choices: Choices<T>): T[] {
  let all: object[] = [{}];
  for (const [key, values] of Object.entries(choices) as [string, readonly unknown[]][]) {
    all = all.flatMap((one) => values.map((value) => ({ ...one, [key]: value })));
  }
  return all as T[];
}

/** Every way to give each of so many clusters one of these forms. */
function* fleets<T>(forms: readonly (readonly T[])[]): Generator<readonly T[]> {
  const [first, ...rest] = forms;
  if (!first) return void (yield []);
  for (const tail of fleets(rest)) for (const one of first) yield [one, ...tail];
}

interface Form {
  readonly told: OracleCluster;
  readonly made: Candidate;
}

function formsOf(
  choices: Omit<Choices<OracleCluster>, "name">,
  count: number,
): readonly (readonly Form[])[] {
  return names.slice(0, count).map((name) =>
    every<OracleCluster>({ ...choices, name: [name] }).map((told) => ({
      told,
      made: candidateFor(told),
    })),
  );
}

function candidateFor({ name, gate, zone, load, weight }: OracleCluster): Candidate {
  const taints = gate === "NoSchedule" || gate === "NoExecute" ? [taint(gate)] : [];
  const state = gate === "offline" ? "OFFLINE" : "ONLINE";
  const readings =
    load === undefined
      ? []
      : [load === "failing" ? failing("load") : reading("load", weight, load / 4)];
  return candidate({
    name,
    state,
    readings,
    taints,
    deleted: gate === "deleted",
    cordoned: gate === "cordoned",
    drain: gate === "drained",
    labels: zone === undefined ? {} : { zone },
  });
}

function taint(effect: "NoSchedule" | "NoExecute") {
  return { key: "gpu", value: "", effect };
}

function applicationFor({
  on,
  isRecent,
  held,
  demand,
  tolerates,
  wish,
  own,
}: OracleApp): Application {
  const isMetric = demand?.startsWith("load") === true;
  return application({
    on: on ?? null,
    sinceMs: isRecent ? intervalMs - 1 : intervalMs,
    migration: held !== "MigrationDisabled",
    completed: held === "Completed" ? 3 : 2,
    runs: held === "NodeLocalData",
    labels: demand === undefined || isMetric ? [] : [demand],
    metrics: isMetric ? [demand] : [],
    ...(wish === undefined ? {} : { preferred: [{ weight: wish, labels: "zone is x" }] }),
    ...(own === undefined ? {} : { placement: { weights: { load: own.weight } } }),
    tolerations: tolerates
      ? [{ key: "gpu", operator: "Exists", value: "", effect: null, seconds: null }]
      : [],
  });
}

function snapshotFor(app: OracleApp, fleet: Settings, candidates: readonly Candidate[]): Snapshot {
  const { stickiness, isBraked, minimumGain } = fleet;
  const whenStale = app.own?.isNeutral === true ? "neutral" : "exclude";
  const brake = { until: now + 1_000, vanished: 3, of: 4 };
  return {
    ...snapshot(candidates, stickiness / 4),
    ...(isBraked ? { calm: calm({ brake }) } : {}),
    ...(app.held === "NodeLocalData" ? { localData: "a volume" } : {}),
    ...(app.own === undefined && minimumGain === 0
      ? {}
      : { placement: policy({ minimum_gain: minimumGain }, app.own ? { load: whenStale } : {}) }),
  };
}

function decided(app: Application, world: Snapshot): Verdict {
  const decision = decide(app, world, names.length);
  const { outcome, chosen, reason, runner_up: rival, margin, candidates } = decision;
  return {
    outcome: outcome === "waits" ? "stayed" : outcome,
    chosen: chosen?.name,
    code: reason.code,
    runnerUp: rival?.name,
    margin: margin ?? undefined,
    fitting: candidates.flatMap(({ fits, cluster }) => (fits ? [cluster.name] : [])).toSorted(),
  };
}

function same(a: Verdict, b: Verdict): boolean {
  return (
    a.outcome === b.outcome &&
    a.chosen === b.chosen &&
    a.code === b.code &&
    a.runnerUp === b.runnerUp &&
    a.fitting.join() === b.fitting.join() &&
    (a.margin === b.margin || Math.abs((a.margin ?? NaN) - (b.margin ?? NaN)) < 1e-12)
  );
}

/** Compares all of it; what differs comes back, the first few of it. */
function compare(
  forms: readonly (readonly Form[])[],
  apps: readonly OracleApp[],
  settings: readonly Settings[],
) {
  const made = apps.map((app) => ({ app, as: applicationFor(app) }));
  const differences: object[] = [];
  const codes = new Set<string>();
  let count = 0;
  for (const fleet of fleets(forms)) {
    const clusters = fleet.map(({ told }) => told);
    const candidates = fleet.map((form) => form.made);
    for (const { app, as } of made) {
      for (const setting of settings) {
        const wanted = oracle(app, { ...setting, clusters });
        const got = decided(as, snapshotFor(app, setting, candidates));
        codes.add(`${got.outcome} ${got.code}`);
        count += 1;
        if (!same(wanted, got) && differences.length < 3) {
          differences.push({ app, clusters, setting, wanted, got });
        }
      }
    }
  }
  return { differences, count, codes: [...codes].toSorted() };
}

const gates: readonly Gate[] = [
  "open",
  "offline",
  "deleted",
  "cordoned",
  "drained",
  "NoSchedule",
  "NoExecute",
];
const plain: Settings = { stickiness: 1, minimumGain: 0, isBraked: false };
const nowhere = { on: [undefined], isRecent: [false], held: [undefined] } as const;
const simple = { wish: [undefined], own: [undefined] } as const;

describe("in every small world the decision is the one of the documents", () => {
  it("two clusters with any gate, zone and metric, and an application with any demand", () => {
    const forms = formsOf(
      { gate: gates, zone: ["x", "y"], load: [undefined, "failing", 1, 3], weight: [1] },
      2,
    );
    const demands = [undefined, "zone is x", "load >= 0.5"] as const;
    const rest = { ...simple, demand: demands, tolerates: [false, true] };
    const apps = [
      ...every<OracleApp>({ ...nowhere, ...rest }),
      ...every<OracleApp>({ on: ["a", "b"], isRecent: [false], held: [undefined], ...rest }),
      ...every<OracleApp>({ on: ["gone"], isRecent: [true], held: ["Completed"], ...rest }),
    ];
    const { differences, count, codes } = compare(forms, apps, [plain]);
    expect(differences).toEqual([]);
    expect(count).toBe(56 ** 2 * 24);
    expect(codes).toEqual([
      "moved Best",
      "moved CurrentNoLongerFits",
      "placed Best",
      "stayed Best",
      "stayed MetricsMissing",
      "unplaceable NO_SUITABLE_RESOURCE",
    ]);
  });

  it("an application that stands there, with everything that may hold it", () => {
    const forms = formsOf(
      {
        gate: ["open", "drained"],
        zone: ["x", undefined],
        load: [undefined, "failing", 1, 3],
        weight: [2],
      },
      2,
    );
    const apps = every<OracleApp>({
      on: ["a", "b"],
      isRecent: [false, true],
      held: [undefined, "MigrationDisabled", "Completed", "NodeLocalData"],
      demand: [undefined, "zone is not x", "!zone"],
      tolerates: [false],
      ...simple,
    });
    const settings = every<Settings>({
      stickiness: [0, 1],
      minimumGain: [0, 0.55],
      isBraked: [false, true],
    });
    const { differences, codes } = compare(forms, apps, settings);
    expect(differences).toEqual([]);
    expect(codes).toEqual([
      "moved Best",
      "moved CurrentNoLongerFits",
      "stayed Best",
      "stayed Completed",
      "stayed FleetBraked",
      "stayed GainTooSmall",
      "stayed MetricsMissing",
      "stayed MigrationDisabled",
      "stayed MovedRecently",
      "stayed NodeLocalData",
      "unplaceable NO_SUITABLE_RESOURCE",
    ]);
  });

  it("three clusters with any value and weight, a wish, and stickiness", () => {
    const forms = formsOf(
      { gate: ["open", "cordoned"], zone: ["x", "y"], load: [undefined, 0, 2, 4], weight: [1] },
      3,
    );
    const apps = every<OracleApp>({
      on: [undefined, "b"],
      isRecent: [false],
      held: [undefined],
      demand: [undefined],
      tolerates: [false],
      wish: [undefined, 1],
      own: [undefined],
    });
    const { differences, count } = compare(forms, apps, [
      plain,
      { ...plain, stickiness: 0 },
      { ...plain, stickiness: 8 },
    ]);
    expect(differences).toEqual([]);
    expect(count).toBe(16 ** 3 * 12);
  });

  it("weights of clusters, of none, and of the application itself, with values that are missing", () => {
    const forms = formsOf(
      { gate: ["open"], zone: ["x"], load: [undefined, 0, 1, 2, 4], weight: [0, 1, 3] },
      3,
    );
    const apps = every<OracleApp>({
      on: [undefined, "a", "c"],
      isRecent: [false],
      held: [undefined],
      demand: [undefined],
      tolerates: [false],
      wish: [undefined, 3],
      own: [undefined, { weight: 2, isNeutral: false }, { weight: 2, isNeutral: true }],
    });
    const { differences, count } = compare(forms, apps, [plain]);
    expect(differences).toEqual([]);
    expect(count).toBe(15 ** 3 * 18);
  });
});
