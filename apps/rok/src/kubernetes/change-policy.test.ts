import { expect, it } from "vitest";
import {
  collectQuietHours,
  collectWeight,
  readBudget,
  readDuration,
} from "../input/policy-values.ts";
import { changePolicy } from "./change-policy.ts";

it("objectives get new weights and are added, quiet hours are added, the rest is replaced when it is named", () => {
  const first = changePolicy({ objectives: [] }, { objective: { price: 1, load: 2 }, dwell: 60 });
  expect(first).toEqual({
    objectives: [
      { metric: "price", weight: 1 },
      { metric: "load", weight: 2 },
    ],
    dwell: 60,
  });
  const [night] = collectQuietHours("22:00-06:00");
  const second = changePolicy(
    { ...first, quiet_hours: [night!] },
    {
      objective: { load: 3 },
      quietHours: collectQuietHours("sat 00:00-00:00 Europe/Berlin"),
      minimumGain: 0.1,
      cooldown: 0,
      stickiness: 0.2,
      budget: { moves: 3, per: 3_600 },
    },
  );
  expect(second.objectives[1]).toEqual({ metric: "load", weight: 3 });
  expect(second.quiet_hours?.map(({ timezone }) => timezone)).toEqual(["UTC", "Europe/Berlin"]);
  expect(second).toMatchObject({
    dwell: 60,
    minimum_gain: 0.1,
    cooldown: 0,
    stickiness: 0.2,
    budget: { moves: 3, per: 3_600 },
  });
  const third = changePolicy(second, {
    removeExistingObjectives: true,
    removeExistingQuietHours: true,
    objective: { green: 1 },
  });
  expect([third.objectives, third.quiet_hours]).toEqual([[{ metric: "green", weight: 1 }], []]);
  expect(changePolicy(second, {})).toEqual(second);
});

it("weights, days, times and budgets are read, and what is none is refused", () => {
  expect(collectWeight("a=b=2", collectWeight("x=1"))).toEqual({ x: 1, "a=b": 2 });
  expect(collectQuietHours("fri-mon,wed 22:00-06:00")[0]?.days).toEqual([
    "fri",
    "sat",
    "sun",
    "mon",
    "wed",
  ]);
  expect(readBudget("3/1h")).toEqual({ moves: 3, per: 3_600 });
  expect([readDuration("0"), readDuration("10m")]).toEqual([0, 600]);
  for (const wrong of [
    () => collectWeight("price"),
    () => collectWeight("price=dear"),
    () => collectQuietHours("at night"),
    () => collectQuietHours("mo 22:00-06:00"),
    () => readBudget("3"),
    () => readBudget("3/never"),
  ]) {
    expect(wrong).toThrow(/Expected/);
  }
});
