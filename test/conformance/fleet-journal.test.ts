import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Decision } from "@octoplane/kinds/decision";
import { decodeFleet } from "@octoplane/placement/fleet";
import { replay } from "@octoplane/placement/decision-inputs";
import { readDecision } from "@octoplane/resources/decision-log";
import { readFleetAt, readNewestFleet } from "@octoplane/resources/fleet-history";
import { fleetPrefix } from "@octoplane/resources/keys";
import { isFailure } from "@octoplane/shared/errors";
import { waitFor } from "../wait-for.ts";
import { namespace } from "./resources/bench.ts";
import { Stage } from "./scheduler-stage.ts";

/** What the scheduler writes down of the fleet, and that decisions come out of it again. */

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const store = () => stage.bench.store;
const both = [
  { name: "load", weight: 1 },
  { name: "price", weight: 2 },
];

async function recorded(name: string): Promise<readonly Decision[]> {
  const { metadata, status } = await stage.apps.mustGet({ namespace, name });
  const all = Array.from({ length: status.decisions }, (_, index) =>
    readDecision(store(), metadata.uid, index + 1),
  );
  return (await Promise.all(all)).filter((decision) => decision !== undefined);
}

async function replayed(decision: Decision) {
  const { state } = await readFleetAt(store(), namespace, decision.basis!);
  return replay(decision, decision.basis!.inputs!, decodeFleet(state).candidates);
}

async function expectReplays(name: string): Promise<readonly Decision[]> {
  const decisions = await recorded(name);
  expect(decisions.length).toBeGreaterThan(0);
  for (const decision of decisions) {
    const again = await replayed(decision);
    expect(again.differences).toEqual([]);
    expect(again.identical).toBe(true);
  }
  return decisions;
}

describe("every decision", () => {
  it("comes out of what was recorded again, to the bit: placed, moved, unplaceable, handed over", async () => {
    await stage.schedule();
    await stage.app("a", { constraints: { cluster: { labels: ["zone in (x, y)"] } } });
    await stage.untilApp("a", "waits", ({ status }) => status.reason !== null);
    await stage.values("one", { load: 0.9, price: 0.1 });
    await stage.cluster("x", { labels: { zone: "x" }, metrics: both });
    await stage.untilOn("a", "x");
    await stage.cluster("y", { labels: { zone: "y" }, metrics: [{ name: "load", weight: 1 }] });
    await stage.untilOn("a", "y");
    await stage.change("Cluster", "y", (body) => (body.metadata.labels = {}));
    await stage.untilOn("a", "x");
    await stage.change("Application", "a", (body) => {
      body.spec.constraints.cluster.preferred = [{ weight: 3, metrics: "load > 0.5" }];
    });
    await stage.untilApp("a", "handed over", ({ status }) => status.scheduled_generation === 2);
    const outcomes = (await expectReplays("a")).map(({ outcome }) => outcome);
    const kinds = outcomes.filter((outcome, index) => outcome !== outcomes[index - 1]);
    expect(kinds).toEqual(["unplaceable", "placed", "moved", "stayed"]);
  });

  it("of many at once on a fleet that changes all the time", async () => {
    await stage.schedule();
    const names = Array.from({ length: 40 }, (_, index) => `a${index}`);
    const clusters = ["n", "e", "s", "w"];
    await Promise.all([
      ...names.map((name) => stage.app(name)),
      ...clusters.map((name, index) => stage.cluster(name, { labels: { index: `${index}` } })),
    ]);
    for (const name of names) {
      await stage.untilApp(name, "placed", ({ status }) => status.scheduled_to !== null);
    }
    for (const name of names) await expectReplays(name);
  });

  it("after a restart of the scheduler, by the journal that it was made on", async () => {
    await stage.schedule();
    await stage.cluster("one");
    await stage.app("a");
    await stage.untilOn("a", "one");
    await stage.stop();
    await stage.schedule();
    await stage.app("b");
    await stage.untilOn("b", "one");
    const [[first], [second]] = [await expectReplays("a"), await expectReplays("b")];
    expect(first!.basis!.writer).not.toBe(second!.basis!.writer);
  });

  it("cannot be replayed when its journal is gone, and says so", async () => {
    await stage.schedule();
    await stage.cluster("one");
    await stage.app("a");
    await stage.untilOn("a", "one");
    await stage.stop();
    const [decision] = await recorded("a");
    const { entries } = await store().list(fleetPrefix(namespace), { keysOnly: true });
    await store().commit(
      [],
      entries.map(({ key }) => ({ key, remove: true })),
    );
    const error = await replayed(decision!).catch((thrown: unknown) => thrown);
    expect(isFailure(error, "Compacted")).toBe(true);
  });
});

describe("the journal", () => {
  const keys = async (): Promise<number> =>
    (await store().list(fleetPrefix(), { keysOnly: true })).entries.length;

  it("of two schedulers at once is two journals, and both are whole", async () => {
    await stage.schedule();
    const other = await stage.another();
    await stage.cluster("one");
    const names = Array.from({ length: 20 }, (_, index) => `a${index}`);
    await Promise.all(names.map((name) => stage.app(name)));
    for (const name of names) await stage.untilOn(name, "one");
    await other[Symbol.asyncDispose]();
    for (const name of names) await expectReplays(name);
  });

  it("shows a change that nobody decided on, and a quiet fleet adds nothing", async () => {
    await stage.values("one", { load: 0.2 });
    await stage.cluster("one", { metrics: [{ name: "load", weight: 1 }] });
    await stage.schedule();
    const load = async (): Promise<number | undefined> => {
      const moment = await readNewestFleet(store(), namespace);
      return moment && decodeFleet(moment.state).candidates[0]?.values.get("load");
    };
    await waitFor("the first state", async () => (await load()) === 0.2);
    await stage.values("one", { load: 0.7 });
    await waitFor("the change", async () => (await load()) === 0.7);
    const before = await keys();
    // The values are fetched again and again: placements of another namespace show that the scheduler is at work.
    await stage.cluster("far", { place: "other" });
    for (let index = 0; index < 5; index += 1) {
      await stage.app(`far${index}`, {}, "other");
      await stage.untilOn(`far${index}`, "far", "other");
    }
    const own = (await store().list(fleetPrefix(namespace), { keysOnly: true })).entries.length;
    expect(own).toBe(before);
  });
});
