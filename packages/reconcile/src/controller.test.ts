import { expect, test } from "vitest";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { silentLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { seededRandom } from "@octoplane/shared/random";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { Controller, type ControllerOptions, type Reconcile } from "./controller.ts";

function open(reconcile: Reconcile, options: Partial<ControllerOptions> = {}) {
  const clock = new VirtualClock();
  const metrics = new Metrics();
  const controller = new Controller({
    name: "test",
    reconcile,
    clock,
    random: seededRandom(1),
    log: silentLog,
    metrics,
    ...options,
  });
  return { clock, metrics, controller };
}

/** Lets everything that is ready run; what waits for time stays. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Runs until `count` reconciles have begun; gives the delay before each but the first. */
async function delaysOf(
  { clock, controller }: ReturnType<typeof open>,
  count: number,
): Promise<number[]> {
  controller.enqueue("key");
  await settle();
  const delays: number[] = [];
  while (delays.length < count) {
    const delay = clock.nextInMs ?? 0;
    delays.push(delay);
    clock.advance(delay);
    await settle();
  }
  return delays;
}

test.each([
  ["an error", () => Promise.reject(new Error("broken"))],
  ["a failure that the status tells", () => Promise.resolve({ failed: true })],
  ["a conflict", () => Promise.reject(failure("Conflict", "somebody was faster"))],
])("%s brings the key back with growing delay, up to a bound", async (_name, reconcile) => {
  const delays = await delaysOf(open(reconcile), 14);
  for (const [attempt, delay] of delays.entries()) {
    const ceiling = Math.min(limits.retryMostMs, limits.retryFirstMs * 2 ** attempt);
    expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
    expect(delay).toBeLessThanOrEqual(ceiling);
  }
});

test("a reconcile that works makes the delay short again", async () => {
  let works = false;
  const world = open(() => Promise.resolve({ failed: !works }));
  await delaysOf(world, 6);
  works = true;
  world.clock.advance(limits.retryMostMs);
  await settle();
  works = false;
  world.controller.enqueue("key");
  await settle();
  expect(world.clock.nextInMs).toBeLessThanOrEqual(limits.retryFirstMs);
});

test("what was asked for is waited for, within a bound", async () => {
  const asked = open(() => Promise.resolve({ failed: true, notBeforeMs: 7_000 }));
  expect((await delaysOf(asked, 1))[0]).toBe(7_000);
  const absurd = open(() => Promise.resolve({ failed: true, notBeforeMs: 1e12 }));
  expect((await delaysOf(absurd, 1))[0]).toBe(limits.retryAfterMostMs);
});

test("a failure that has something else to look after comes back in time for that", async () => {
  const both = open(() => Promise.resolve({ failed: true, requeueAfterMs: 1_000 }));
  const delays = await delaysOf(both, 8);
  expect(Math.max(...delays)).toBe(1_000);
});

test("a slow lane leaves the workers to others", async () => {
  const hanging = Promise.withResolvers<void>();
  const done: string[] = [];
  const { controller } = open(
    async (key) => {
      if (key.startsWith("slow")) await hanging.promise;
      else done.push(key);
    },
    { workers: 4, lanes: { laneOf: (key) => key.split("-")[0]!, most: 2 } },
  );
  for (let index = 0; index < 20; index += 1) controller.enqueue(`slow-${index}`);
  for (let index = 0; index < 20; index += 1) controller.enqueue(`quick-${index}`);
  await settle();
  expect(done).toHaveLength(20);
  expect(controller.backlog).toBe(18);
  hanging.resolve();
  await controller[Symbol.asyncDispose]();
});

test("one key is worked on by one at a time, and again when it was woken meanwhile", async () => {
  const first = Promise.withResolvers<void>();
  let active = 0;
  let most = 0;
  let count = 0;
  const { controller } = open(async () => {
    count += 1;
    most = Math.max(most, (active += 1));
    if (count === 1) await first.promise;
    active -= 1;
  });
  controller.enqueue("key");
  await settle();
  controller.enqueue("key");
  controller.enqueue("key");
  await settle();
  expect(count).toBe(1);
  first.resolve();
  await settle();
  expect({ count, most }).toEqual({ count: 2, most: 1 });
});

test("disposing tells what is under way to stop, waits for it, and begins nothing", async () => {
  let began = 0;
  const { controller, metrics } = open(
    async (_key, signal) => {
      began += 1;
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("stopped")));
      });
    },
    { workers: 1 },
  );
  controller.enqueue("a");
  controller.enqueue("b");
  await settle();
  await controller[Symbol.asyncDispose]();
  await settle();
  expect(began).toBe(1);
  expect(await metrics.registry.metrics()).toMatch(/outcome="error"\} 0/);
});
