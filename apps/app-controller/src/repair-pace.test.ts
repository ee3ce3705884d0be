import { expect, test } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { RepairPace } from "./repair-pace.ts";

test("the first repairs are free, the others come ever more seldom, up to a bound", () => {
  const clock = new VirtualClock();
  const pace = new RepairPace(clock);
  for (let index = 0; index < limits.repairsFreeMax; index += 1) expect(pace.ask("a")).toBe(0);
  const waits: number[] = [];
  for (let index = 0; index < 12; index += 1) {
    const wait = pace.ask("a");
    waits.push(wait);
    clock.advance(wait - 1);
    expect(pace.ask("a")).toBe(1);
    clock.advance(1);
    expect(pace.ask("a")).toBe(0);
  }
  expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(Math.max(...waits)).toBe(limits.repairMostMs);
});

test("one object's repairs delay no other, and quiet earns trust", () => {
  const clock = new VirtualClock();
  const pace = new RepairPace(clock);
  for (let index = 0; index < limits.repairsFreeMax; index += 1) pace.ask("a");
  expect(pace.ask("a")).toBeGreaterThan(0);
  expect(pace.ask("b")).toBe(0);
  clock.advance(limits.repairQuietMs);
  for (let index = 0; index < limits.repairsFreeMax; index += 1) expect(pace.ask("a")).toBe(0);
});
