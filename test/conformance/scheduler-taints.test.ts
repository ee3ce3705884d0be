import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Stage } from "./scheduler-stage.ts";

/** Taints, cordons, drains and preferences, from the moment at which they are written. */

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
  await stage.cluster("a");
});
afterEach(() => stage[Symbol.asyncDispose]());

const down = { key: "down", value: "", effect: "NoExecute" };
const tolerations = [{ key: "down", operator: "Exists", seconds: 1 }];

/** `keep` and `go` run on `a`, and nothing but what is written of the clusters could move them. */
async function placed(): Promise<void> {
  await stage.schedule({ reschedule_after: 3_600 });
  await stage.app("go");
  await stage.app("keep", { constraints: { migration: false } });
  await stage.untilOn("go", "a");
  await stage.untilOn("keep", "a");
  await stage.cluster("b");
}

async function change(name: string, spec: object): Promise<void> {
  await stage.change("Cluster", name, (body) => Object.assign(body.spec, spec));
}

describe("what is written of a cluster takes effect at once", () => {
  it("a taint of NoExecute moves what may move", async () => {
    await placed();
    await change("a", { taints: [down] });
    await stage.untilOn("go", "b");
    const [newest] = await stage.decisions("go");
    expect(newest).toMatchObject({ outcome: "moved", reason: { code: "CurrentNoLongerFits" } });
    const row = newest?.candidates.find(({ cluster }) => cluster.name === "a");
    expect(row?.verdicts.find(({ fits }) => !fits)).toMatchObject({
      filter: "taints",
      message: "down:NoExecute is not tolerated",
    });
    await stage.untilOn("keep", "a");
  });

  it("a drain moves what may move, and its end lets new ones in", async () => {
    await placed();
    await change("a", { drain: true });
    await stage.untilOn("go", "b");
    await change("b", { cordoned: true });
    await stage.app("new");
    await stage.untilApp("new", "waits", ({ status }) => status.reason !== null);
    await change("a", { drain: false });
    await stage.untilOn("new", "a");
    await stage.untilOn("go", "b");
    await stage.untilOn("keep", "a");
  });

  it("a drain with no other cluster takes nothing away", async () => {
    await stage.schedule();
    await stage.app("alone");
    await stage.untilOn("alone", "a");
    await change("a", { drain: true });
    const waiting = await stage.untilApp("alone", "waits", ({ status }) => status.reason !== null);
    expect(waiting.status.scheduled_to?.name).toBe("a");
    await stage.cluster("b");
    await stage.untilOn("alone", "b");
  });
});

describe("a toleration for some seconds", () => {
  it("ends by itself, and counts from the moment at which the taint was first seen", async () => {
    await stage.schedule({ reschedule_after: 3_600 });
    await stage.app("go", { tolerations });
    await stage.untilOn("go", "a");
    await stage.cluster("b");
    await change("a", { taints: [down] });
    const { status } = await stage.untilCluster(
      "a",
      (cluster) => cluster.status.taints_since !== undefined,
    );
    const since = Date.parse(status.taints_since?.["down:NoExecute"] ?? "");
    const moved = await stage.untilOn("go", "b");
    expect(Date.parse(moved.status.scheduled!)).toBeGreaterThanOrEqual(since + 1_000);
    await change("a", { taints: [] });
    await stage.untilCluster("a", (cluster) => cluster.status.taints_since === undefined);
  });

  it("goes on over a restart of the scheduler", async () => {
    await stage.schedule();
    await stage.app("go", { tolerations });
    await stage.untilOn("go", "a");
    await stage.cluster("b");
    await change("a", { taints: [down] });
    const { status } = await stage.untilCluster(
      "a",
      (one) => one.status.taints_since !== undefined,
    );
    await stage.stop();
    await stage.schedule();
    await stage.untilOn("go", "b");
    const after = await stage.untilCluster("a", (one) => one.status.taints_since !== undefined);
    expect(after.status.taints_since).toEqual(status.taints_since);
  });
});

it("a preference chooses, and a change of it moves, once the interval is over", async () => {
  await stage.cluster("b", { labels: { zone: "x" } });
  await stage.schedule();
  const preferred = [{ weight: 10, labels: "zone is x or tier is gold" }];
  await stage.app("go", { constraints: { cluster: { preferred } } });
  await stage.untilOn("go", "b");
  await stage.change("Application", "go", (body) => {
    body.spec.constraints.cluster.preferred = [{ weight: 10, labels: "!zone" }];
  });
  await stage.untilOn("go", "a");
  const [newest] = await stage.decisions("go");
  expect(newest?.candidates[0]?.parts).toMatchObject([{ name: "preferred: !zone", value: 1 }]);
});
