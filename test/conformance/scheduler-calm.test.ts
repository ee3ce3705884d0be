import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { conditionOf } from "@octoplane/kinds/condition";
import { anyKind } from "@octoplane/kinds/kind";
import { GlobalPlacementPolicyKind, PlacementPolicyKind } from "@octoplane/kinds/placement-policy";
import { readInput } from "@octoplane/kinds/read-input";
import { waitFor } from "../wait-for.ts";
import { namespace } from "./resources/bench.ts";
import { Stage } from "./scheduler-stage.ts";

/** The scheduler with policies, budgets and the brake, against clusters that are what their status says. */

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

async function policy(name: string, spec: object, global = false): Promise<void> {
  const kind = anyKind(global ? GlobalPlacementPolicyKind : PlacementPolicyKind);
  const body = readInput(kind, { metadata: { name }, spec });
  await stage.bench.resources.of(kind).create(body, global ? undefined : namespace);
}

const weigh = (...names: readonly string[]): object[] => names.map((name) => ({ name, weight: 1 }));

/** Two clusters, of which `east` is better by its own weights, and `west` by the metric `green`. */
async function twoSites(config: object = {}): Promise<void> {
  await stage.schedule({ reschedule_after: 0, ...config });
  await stage.values("p", { east: 0.9, west: 0.1, green_east: 0.2, green_west: 0.8 });
  await countsAs("green_east", "green");
  await countsAs("green_west", "green");
  await stage.cluster("east", { metrics: weigh("east", "green_east") });
  await stage.cluster("west", { metrics: weigh("west", "green_west") });
}

async function countsAs(name: string, meaning: string): Promise<void> {
  const { GlobalMetricKind } = await import("@octoplane/kinds/metric");
  const repository = stage.bench.resources.of(GlobalMetricKind);
  const { spec } = await repository.mustGet({ name });
  const body = { metadata: { name }, spec: { ...spec, counts_as: meaning } };
  await repository.update({ name }, readInput(anyKind(GlobalMetricKind), body));
}

const places = async (): Promise<Readonly<Record<string, number>>> => {
  const feed = stage.bench.resources.feed(ApplicationKind);
  await feed.ready();
  const count: Record<string, number> = {};
  for (const { status } of feed.objects.values()) {
    const name = status.scheduled_to?.name ?? "nowhere";
    count[name] = (count[name] ?? 0) + 1;
  }
  return count;
};

const policyOf = ({ status }: Application) => conditionOf(status.conditions, "Policy");

describe("a placement policy", () => {
  it("decides by its objectives, and a change of it moves those who name it and nobody else", async () => {
    await twoSites();
    await policy("green", { objectives: [{ metric: "green", weight: 1 }] }, true);
    await stage.app("plain");
    await stage.app("careful", { placement: { policy: "green" } });
    await stage.untilOn("plain", "east");
    const placed = await stage.untilOn("careful", "west");
    expect(policyOf(placed)).toMatchObject({ status: "True", message: "placement policy green" });
    const [decision] = await stage.decisions("careful");
    expect(decision?.policy).toEqual({
      name: "green",
      namespaced: false,
      weights: { green: 1 },
      problem: null,
    });
    expect(decision?.candidates[0]?.parts).toMatchObject([
      { name: "green", value: 0.8, weight: 1 },
    ]);
    // One of the namespace comes before a global one of the same name.
    await policy("green", { objectives: [{ metric: "east", weight: 1 }] });
    await stage.untilOn("careful", "east");
    expect((await stage.apps.mustGet({ namespace, name: "plain" })).status.decisions).toBe(1);
  });

  it("that is missing is told, and the application placed by the defaults until it is there", async () => {
    await twoSites();
    await stage.app("a", { placement: { policy: "green" } });
    const missing = await stage.untilOn("a", "east");
    expect(policyOf(missing)).toMatchObject({ status: "False", reason: "PolicyMissing" });
    await policy("green", { objectives: [{ metric: "none", weight: 1 }] });
    await stage.untilApp("a", "told", (app) => policyOf(app)?.reason === "MetricMissing");
    await stage.app("b");
    await stage.untilOn("b", "east");
    await stage.metric("none", "p", "green_west");
    await stage.untilApp("a", "well", (app) => policyOf(app)?.status === "True");
  });

  it("gives way to the application's own weights", async () => {
    await twoSites();
    await stage.app("a", { placement: { weights: { green: 2 } } });
    await stage.untilOn("a", "west");
    await stage.change("Application", "a", (body) => (body.spec.placement = {}));
    const after = await stage.untilOn("a", "east");
    expect(policyOf(after)).toBeUndefined();
  });
});

describe("the budget", () => {
  const count = 1_000;

  it("of all is not exceeded by a thousand decisions at once, nor by a restart", async () => {
    await twoSites({ moves_per_hour: { fleet: 20 } });
    const names = Array.from({ length: count }, (_, index) => `a${index}`);
    await Promise.all(names.map((name) => stage.app(name)));
    await waitFor("all on east", async () => (await places())["east"] === count || undefined, {
      deadlineMs: 60_000,
    });
    await stage.values("p", { east: 0.1, west: 0.9, green_east: 0.2, green_west: 0.8 });
    await waitFor("moves", async () => (await places())["west"] === 20 || undefined, {
      deadlineMs: 20_000,
    });
    // Every application is decided on once more when another has been: none of them has moved meanwhile.
    await stage.app("last", { constraints: { cluster: { labels: ["not_there"] } } });
    await stage.untilApp("last", "waits", ({ status }) => status.reason !== null);
    expect((await places())["west"]).toBe(20);
    await stage.stop();
    await stage.schedule({ reschedule_after: 0, moves_per_hour: { fleet: 20 } });
    await stage.app("next");
    await stage.untilOn("next", "west");
    expect((await places())["west"]).toBe(21);
    await stage.stop();
    await stage.schedule({ reschedule_after: 0, moves_per_hour: { fleet: 25 } });
    await waitFor("five more", async () => (await places())["west"] === 26 || undefined, {
      deadlineMs: 20_000,
    });
    expect((await places())["west"]).toBe(26);
  }, 120_000);

  it("of a policy bounds how often noisy metrics move an application", async () => {
    await twoSites();
    await policy("own", { budget: { moves: 2, per: 3_600 } });
    await stage.app("a", { placement: { policy: "own" } });
    await stage.app("free");
    await stage.untilOn("free", "east");
    await stage.untilOn("a", "east");
    for (const [best, worst] of [
      ["west", "east"],
      ["east", "west"],
      ["west", "east"],
      ["east", "west"],
    ] as const) {
      await stage.values("p", { [best]: 0.9, [worst]: 0.1, green_east: 0.5, green_west: 0.5 });
      await stage.untilOn("free", best);
    }
    const { status } = await stage.apps.mustGet({ namespace, name: "a" });
    expect(status.moves?.map(({ from, to }) => `${from} ${to}`)).toEqual([
      "east west",
      "west east",
    ]);
    expect((await stage.apps.mustGet({ namespace, name: "free" })).status.moves).toHaveLength(4);
  });
});

describe("the brake", () => {
  it("holds what runs where clusters vanish, tells so, places what is new, and releases when they return", async () => {
    await stage.schedule({ reschedule_after: 3_600 });
    const names = ["a", "b", "c", "d", "e"];
    for (const name of names) await stage.cluster(name, { labels: { name } });
    const home = (name: string): object => ({
      constraints: { cluster: { labels: [`name in (${name}, e)`] } },
    });
    for (const name of ["a", "b", "c", "d"]) await stage.app(`on-${name}`, home(name));
    for (const name of ["a", "b", "c", "d"]) await stage.untilOn(`on-${name}`, name);
    for (const name of ["a", "b", "c", "d"]) await stage.setReachable(name, "False");
    const held = await stage.untilApp("on-d", "held", ({ status }) =>
      status.conditions.some(({ type, status: is }) => type === "Held" && is === "True"),
    );
    expect(held.status.scheduled_to?.name).toBe("d");
    const [decision] = await stage.decisions("on-d");
    expect(decision).toMatchObject({ outcome: "stayed", reason: { code: "FleetBraked" } });
    expect(decision?.held_until).not.toBeNull();
    await stage.app("new");
    await stage.untilOn("new", "e");
    // The last one first: when enough are back, those that are still away count as lost.
    for (const name of ["d", "c", "b", "a"]) await stage.setReachable(name, "True");
    const back = await stage.untilApp("on-d", "released", ({ status }) =>
      status.conditions.every(({ type }) => type !== "Held"),
    );
    expect(back.status.scheduled_to?.name).toBe("d");
    expect(back.status.moves ?? []).toEqual([]);
  });

  it("lets go after its time, also when they do not return", async () => {
    await stage.schedule({ brake: { hold: 0.5 } });
    for (const name of ["a", "b", "c", "d"]) await stage.cluster(name, { labels: { name } });
    await stage.cluster("e");
    await stage.app("x", { constraints: { cluster: { labels: ["name is d or !name"] } } });
    await stage.untilOn("x", "d");
    for (const name of ["a", "b", "c", "d"]) await stage.setReachable(name, "False");
    await stage.untilOn("x", "e");
  });
});

it("a migration that does not become healthy goes back, and the cluster is left alone for longer each time", async () => {
  await twoSites({ migration_timeout: 0.3 });
  await policy("patient", { cooldown: 0.4 });
  await stage.app("a", { placement: { policy: "patient" } });
  const placed = await stage.untilOn("a", "east");
  // It runs there, and nowhere else will it ever.
  await stage.apps.updateStatus({ namespace, name: "a" }, placed.metadata.uid, ({ status }) => ({
    status: { ...status, running_on: status.scheduled_to },
  }));
  await stage.values("p", { east: 0.1, west: 0.9, green_east: 0.5, green_west: 0.5 });
  await stage.untilOn("a", "west");
  await stage.untilOn("a", "east");
  const decisions = await stage.decisions("a");
  expect(decisions[0]).toMatchObject({
    outcome: "moved",
    reason: { code: "MigrationFailed" },
    chosen: { name: "east" },
  });
  const twice = await stage.untilApp(
    "a",
    "back again",
    ({ status }) => status.failed_moves?.[0]?.count === 2 && status.scheduled_to?.name === "east",
  );
  expect(twice.status.failed_moves).toMatchObject([{ cluster: "west", count: 2 }]);
  const [first, second, third, fourth] = twice.status.moves!.map(({ time }) => Date.parse(time));
  expect(second! - first!).toBeGreaterThanOrEqual(300);
  expect(third! - second!).toBeGreaterThanOrEqual(400);
  expect(fourth! - third!).toBeGreaterThanOrEqual(300);
});
