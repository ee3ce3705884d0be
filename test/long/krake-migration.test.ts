import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openField, type Field } from "../e2e/field.ts";
import { Tenant } from "../e2e/tenant.ts";

/**
 * Krake's nine acceptance scenarios of migration, with its interval of 60 s shortened to 0.8 s. What was tested before:
 *
 *     1, 2  here, and suite.ts, run by simulated.test.ts ("… moves when the label changes")
 *        3  here, and conformance/scheduler.test.ts ("stays where it is when migration is off …")
 *        4  here
 *        5  suite.ts ("migrates when a metric changes, and is never absent meanwhile"); its bound in time is in 6 here
 *        6  here, and conformance/scheduler.test.ts ("decide between clusters, and move …, not before")
 *        7  here, and conformance/scheduler-calm.test.ts ("of a policy bounds how often noisy metrics move …")
 *        8  here
 *        9  here, and conformance/scheduler.test.ts ("that differ by less than the stickiness move nothing")
 *
 * Times are those that the scheduler wrote down (`status.scheduled`), not those at which a test came to look.
 */

const intervalMs = 800;
/** How much later than it could be a move may come on a busy machine. */
const slackMs = 5_000;

let field: Field;
beforeAll(async () => {
  field = await openField({
    scheduler: { reschedule_after: intervalMs / 1_000, metrics: { interval: 0.05 } },
  });
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const never = { reschedule_after: 3_600 };

/** Two clusters that name themselves in a label. */
async function twoPlaces(): Promise<Tenant> {
  const tenant = new Tenant(field);
  await Promise.all(["a", "b"].map((name) => tenant.cluster(name, { labels: { place: name } })));
  return tenant;
}

/** Two clusters, each with a metric of its own, and the first with the better value. */
async function twoScores(): Promise<{
  tenant: Tenant;
  prefer: (name: "a" | "b") => Promise<void>;
}> {
  const tenant = new Tenant(field);
  await tenant.values("p", { a: 0.9, b: 0.1 });
  await Promise.all(["a", "b"].map((name) => tenant.cluster(name, { metrics: { [name]: 1 } })));
  const prefer = async (name: "a" | "b"): Promise<void> =>
    await tenant.setValues("p", name === "a" ? { a: 0.9, b: 0.1 } : { a: 0.1, b: 0.9 });
  return { tenant, prefer };
}

/** Decided about as it is now, and still there. */
async function stays(tenant: Tenant, app: string, cluster: string): Promise<void> {
  const { status } = await tenant.until(app, "is decided about", ({ metadata, status: now }) => {
    return now.scheduled_generation === metadata.generation;
  });
  expect([status.scheduled_to.name, status.running_on.name]).toEqual([cluster, cluster]);
}

describe.concurrent("migration, scenarios", () => {
  it("1 and 2: changed constraints move at the update, six times, and do not wait for the interval", async () => {
    const tenant = await twoPlaces();
    await tenant.app("app", { labels: ["place is a"] }, never);
    await tenant.untilRuns("app", "a");
    for (let turn = 0; turn < 6; turn += 1) {
      const target = turn % 2 === 0 ? "b" : "a";
      const began = Date.now();
      await tenant.change("app", ({ spec }) => {
        spec.constraints.cluster.labels = [`place is ${target}`];
      });
      const moved = await tenant.untilRuns("app", target);
      expect(moved - began).toBeGreaterThanOrEqual(-1);
      expect(moved - began).toBeLessThan(slackMs);
    }
  });

  it("3: without migration changed constraints move nothing, until it is allowed", async () => {
    const tenant = await twoPlaces();
    await tenant.app("app", { labels: ["place is a"] });
    await tenant.untilRuns("app", "a");
    await tenant.change("app", ({ spec }) => {
      spec.constraints.migration = false;
      spec.constraints.cluster.labels = ["place is b"];
    });
    await stays(tenant, "app", "a");
    await tenant.change("app", ({ spec }) => (spec.constraints.migration = true));
    await tenant.untilRuns("app", "b");
  });

  it("4: without migration changed metrics move nothing, until it is allowed", async () => {
    const { tenant, prefer } = await twoScores();
    for (const name of ["app", "other"]) await tenant.app(name);
    for (const name of ["app", "other"]) await tenant.untilRuns(name, "a");
    await tenant.change("app", ({ spec }) => (spec.constraints.migration = false));
    await prefer("b");
    // What may move has moved: the interval is over.
    await tenant.untilRuns("other", "b");
    await stays(tenant, "app", "a");
    const began = Date.now();
    await tenant.change("app", ({ spec }) => (spec.constraints.migration = true));
    expect((await tenant.untilRuns("app", "b")) - began).toBeLessThan(intervalMs + slackMs);
  });

  it("5 to 7: metrics that change after each move make five of them, each an interval after the last", async () => {
    const { tenant, prefer } = await twoScores();
    await tenant.app("app");
    const times = [await tenant.untilRuns("app", "a")];
    for (let move = 0; move < 5; move += 1) {
      const target = move % 2 === 0 ? "b" : "a";
      await prefer(target);
      times.push(await tenant.untilRuns("app", target));
    }
    for (const [index, time] of times.slice(1).entries()) {
      const gap = time - times[index]!;
      expect(gap).toBeGreaterThanOrEqual(intervalMs);
      expect(gap).toBeLessThan(intervalMs + slackMs);
    }
    const { status } = await tenant.read("app");
    expect(status.moves).toHaveLength(5);
  });

  it("8: updates that have nothing to do with the place neither hasten a move nor put it off", async () => {
    const { tenant, prefer } = await twoScores();
    await tenant.app("app");
    const placed = await tenant.untilRuns("app", "a");
    await prefer("b");
    let updates = 0;
    // Krake began to wait anew with every event: an application that was changed often was never moved.
    for (;;) {
      const { status } = await tenant.change("app", ({ metadata, spec }) => {
        updates += 1;
        metadata.labels = { update: String(updates) };
        spec.manifest[0].data = { update: String(updates) };
      });
      if (status.scheduled_to.name === "b") break;
      expect(Date.now() - placed).toBeLessThan(intervalMs + slackMs);
    }
    const gap = (await tenant.untilRuns("app", "b")) - placed;
    expect(updates).toBeGreaterThan(2);
    expect(gap).toBeGreaterThanOrEqual(intervalMs);
    expect(gap).toBeLessThan(intervalMs + slackMs);
  });

  it("9: a gain that is smaller than the stickiness moves nothing", async () => {
    const { tenant } = await twoScores();
    const policies = `/kubernetes/namespaces/${tenant.namespace}/placementpolicies`;
    await tenant.rest.ok("POST", policies, {
      metadata: { name: "loose" },
      spec: { objectives: [], stickiness: 0 },
    });
    await tenant.app("app");
    await tenant.app("loose", {}, { placement: { policy: "loose" } });
    const before = await tenant.untilRuns("app", "a");
    await tenant.untilRuns("loose", "a");
    // (0.50 + 0.1) / 1.1 = 0.545 where it is, against 0.53.
    await tenant.setValues("p", { a: 0.5, b: 0.53 });
    // The same without stickiness moves: the values are known, and the interval is over.
    await tenant.untilRuns("loose", "b");
    const explained = await tenant.rest.ok(
      "GET",
      `${tenant.path("applications", "app")}/explanation`,
    );
    expect(explained.decision).toMatchObject({ outcome: "stayed", reason: { code: "Best" } });
    const scores = explained.decision.candidates.map(
      ({ cluster, score }: { cluster: { name: string }; score: number }) => [
        cluster.name,
        score.toFixed(3),
      ],
    );
    expect(scores).toEqual([
      ["a", "0.545"],
      ["b", "0.530"],
    ]);
    expect(await tenant.untilRuns("app", "a")).toBe(before);
  });
});
