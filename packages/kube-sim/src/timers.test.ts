import type { Clock } from "@octoplane/shared/clock";
import { expect, test } from "vitest";
import { Timers } from "./timers.ts";

/** Time that stands still until it is moved. */
class StillClock implements Clock {
  armed = 0;
  #nowMs = 0;
  #waiting: { dueMs: number; run: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const entry = { dueMs: this.#nowMs + delayMs, run };
    this.#waiting.push(entry);
    this.armed = this.#waiting.length;
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  moveTo(ms: number): void {
    for (;;) {
      const due = this.#waiting
        .filter((entry) => entry.dueMs <= ms)
        .toSorted((left, right) => left.dueMs - right.dueMs)[0];
      if (due === undefined) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== due);
      this.#nowMs = Math.max(this.#nowMs, due.dueMs);
      due.run();
    }
    this.#nowMs = ms;
  }
}

function unexpected(error: unknown): never {
  throw error;
}

test("callbacks run in the order of their delays, with one timer of the clock", () => {
  const clock = new StillClock();
  using timers = new Timers(clock, unexpected);
  const seen: number[] = [];
  for (const delay of [50, 10, 30, 20, 40, 10]) timers.after(delay, () => seen.push(delay));
  expect(clock.armed).toBe(1);
  clock.moveTo(35);
  expect(seen).toEqual([10, 10, 20, 30]);
  clock.moveTo(100);
  expect(seen).toEqual([10, 10, 20, 30, 40, 50]);
});

test("a cancelled callback does not run", () => {
  const clock = new StillClock();
  using timers = new Timers(clock, unexpected);
  const seen: string[] = [];
  const cancel = timers.after(10, () => seen.push("cancelled"));
  timers.after(20, () => seen.push("kept"));
  cancel();
  clock.moveTo(30);
  expect(seen).toEqual(["kept"]);
});

test("an error in one callback does not keep the others from running", () => {
  const clock = new StillClock();
  const errors: unknown[] = [];
  using timers = new Timers(clock, (error) => errors.push(error));
  const seen: string[] = [];
  timers.after(10, () => {
    throw new Error("broken");
  });
  timers.after(10, () => seen.push("other"));
  clock.moveTo(10);
  expect(seen).toEqual(["other"]);
  expect(errors).toHaveLength(1);
});
