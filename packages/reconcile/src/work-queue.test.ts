import { expect, test } from "vitest";
import type { Clock } from "@octoplane/shared/clock";
import { WorkQueue } from "./work-queue.ts";

/** Time that moves only when told. */
function virtualClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  const timers = new Map<number, { at: number; callback: () => void }>();
  let nextId = 0;
  return {
    now: () => now,
    monotonic: () => now,
    after(delayMs, callback) {
      const id = (nextId += 1);
      timers.set(id, { at: now + delayMs, callback });
      return () => timers.delete(id);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.at <= end);
        const first = due.toSorted(([, a], [, b]) => a.at - b.at)[0];
        if (!first) break;
        timers.delete(first[0]);
        now = first[1].at;
        first[1].callback();
      }
      now = end;
    },
  };
}

test("a key that is added twice comes once", () => {
  const queue = new WorkQueue(virtualClock(), () => undefined);
  queue.add("a");
  queue.add("a");
  expect(queue.take()).toBe("a");
  expect(queue.take()).toBeUndefined();
});

test("a key that is added while it is worked on comes again afterwards, not before", () => {
  const queue = new WorkQueue(virtualClock(), () => undefined);
  queue.add("a");
  queue.take();
  queue.add("a");
  expect(queue.take()).toBeUndefined();
  queue.done("a");
  expect(queue.take()).toBe("a");
});

test("events that come faster than the delay do not put the deadline off", () => {
  const clock = virtualClock();
  const queue = new WorkQueue(clock, () => undefined);
  for (let index = 0; index < 10; index += 1) {
    queue.add("a", 1_000);
    clock.advance(100);
  }
  expect(queue.take()).toBe("a");
});

test("an earlier deadline replaces a later one, and the later one does not ring again", () => {
  const clock = virtualClock();
  const queue = new WorkQueue(clock, () => undefined);
  queue.add("a", 1_000);
  queue.add("a", 100);
  clock.advance(100);
  expect(queue.take()).toBe("a");
  queue.done("a");
  clock.advance(2_000);
  expect(queue.take()).toBeUndefined();
});

test("keys become ready in the order of their deadlines", () => {
  const clock = virtualClock();
  const queue = new WorkQueue(clock, () => undefined);
  const delays = [50, 10, 40, 20, 30, 60, 5];
  for (const delay of delays) queue.add(String(delay), delay);
  clock.advance(100);
  const order = delays.map(() => queue.take());
  expect(order).toEqual(["5", "10", "20", "30", "40", "50", "60"]);
});
