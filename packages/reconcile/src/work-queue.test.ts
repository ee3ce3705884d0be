import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { WorkQueue } from "./work-queue.ts";

test("a key that is added twice comes once", () => {
  const queue = new WorkQueue(new VirtualClock(), () => undefined);
  queue.add("a");
  queue.add("a");
  expect(queue.take()).toBe("a");
  expect(queue.take()).toBeUndefined();
});

test("a key that is added while it is worked on comes again afterwards, not before", () => {
  const queue = new WorkQueue(new VirtualClock(), () => undefined);
  queue.add("a");
  queue.take();
  queue.add("a");
  expect(queue.take()).toBeUndefined();
  queue.done("a");
  expect(queue.take()).toBe("a");
});

test("events that come faster than the delay do not put the deadline off", () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue(clock, () => undefined);
  for (let index = 0; index < 10; index += 1) {
    queue.add("a", 1_000);
    clock.advance(100);
  }
  expect(queue.take()).toBe("a");
});

test("an earlier deadline replaces a later one, and the later one does not ring again", () => {
  const clock = new VirtualClock();
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
  const clock = new VirtualClock();
  const queue = new WorkQueue(clock, () => undefined);
  const delays = [50, 10, 40, 20, 30, 60, 5];
  for (const delay of delays) queue.add(String(delay), delay);
  clock.advance(100);
  const order = delays.map(() => queue.take());
  expect(order).toEqual(["5", "10", "20", "30", "40", "50", "60"]);
});

test("a full lane delays no other, and lanes take turns", () => {
  const lanes = { laneOf: (key: string) => key[0]!, most: 2 };
  const queue = new WorkQueue(new VirtualClock(), () => undefined, lanes);
  for (const key of ["a1", "a2", "a3", "a4", "b1", "c1"]) queue.add(key);
  const taken = [1, 2, 3, 4, 5, 6].map(() => queue.take());
  expect(taken).toEqual(["a1", "b1", "c1", "a2", undefined, undefined]);
  queue.done("a1");
  expect(queue.take()).toBe("a3");
  expect(queue.take()).toBeUndefined();
});

test("a key that is worked on keeps its place in its lane when it moves to another", () => {
  let lane = "a";
  const queue = new WorkQueue(new VirtualClock(), () => undefined, { laneOf: () => lane, most: 1 });
  queue.add("x");
  queue.take();
  lane = "b";
  queue.add("x");
  expect(queue.take()).toBeUndefined();
  queue.done("x");
  expect(queue.take()).toBe("x");
  queue.done("x");
  expect(queue.size).toBe(0);
});

test("a deadline beyond the reach of a timer does not ring early, nor over and over", () => {
  const clock = new VirtualClock();
  let rings = 0;
  const counting = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after(delayMs: number, callback: () => void) {
      expect(delayMs).toBeLessThan(2 ** 31);
      rings += 1;
      return clock.after(delayMs, callback);
    },
  };
  const queue = new WorkQueue(counting, () => undefined);
  const year = 365 * 86_400_000;
  queue.add("a", year);
  clock.advance(year - 1);
  expect(queue.take()).toBeUndefined();
  clock.advance(1);
  expect(queue.take()).toBe("a");
  expect(rings).toBeLessThanOrEqual(366);
});

test("a closed queue takes nothing in and sets no timer", () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue(clock, () => undefined);
  queue.add("a", 100);
  queue.close();
  queue.add("b");
  queue.add("c", 100);
  expect(clock.nextInMs).toBeUndefined();
  expect(queue.take()).toBeUndefined();
});

test("whatever is added and taken: no key is lost, none is worked on twice at once", () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    delay: fc.constantFrom(0, 1, 5, 50),
    work: fc.constantFrom("add", "take", "done", "advance"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new VirtualClock();
      const lanes = { laneOf: (key: string) => (key < "c" ? "1" : "2"), most: 1 };
      const queue = new WorkQueue(clock, () => undefined, lanes);
      const wanted = new Set<string>();
      const active = new Set<string>();
      for (const { key, delay, work } of steps) {
        if (work === "add") {
          queue.add(key, delay);
          wanted.add(key);
        } else if (work === "advance") clock.advance(delay);
        else if (work === "done") {
          active.delete(key);
          queue.done(key);
        } else {
          const taken = queue.take();
          if (taken === undefined) continue;
          expect(active.has(taken)).toBe(false);
          expect(wanted.delete(taken)).toBe(true);
          active.add(taken);
        }
      }
      for (const key of active) queue.done(key);
      clock.advance(50);
      for (let key = queue.take(); key !== undefined; key = queue.take()) {
        expect(wanted.delete(key)).toBe(true);
        queue.done(key);
      }
      expect([...wanted]).toEqual([]);
      expect(queue.size).toBe(0);
    }),
  );
});
