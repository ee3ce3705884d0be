import { expect, test } from "vitest";
import { conditionProblem, reachedGoal, readGoal, type Goal } from "./goal.ts";

function app(state: string, observed: number, failedAt?: number) {
  const conditions =
    failedAt === undefined ? [] : [{ status: "False", observed_generation: failedAt }];
  return {
    metadata: { deleted: null },
    status: {
      state,
      reason: { code: "X", message: "why" },
      observed_generation: observed,
      conditions,
    },
  } as never;
}

const cases: readonly (readonly [Goal, string, number, boolean])[] = [
  ["running", "RUNNING", 2, true],
  ["running", "RUNNING", 1, false],
  ["running", "COMPLETED", 2, true],
  ["running", "DEGRADED", 2, false],
  ["completed", "RUNNING", 2, false],
  ["creating", "CREATING", 0, true],
  ["creating", "PENDING", 0, false],
  ["creating", "DEGRADED", 0, false],
  ["reconciling", "RUNNING", 1, false],
  ["reconciling", "RECONCILING", 1, true],
  ["reconciling", "RUNNING", 2, true],
  ["pending", "PENDING", 0, true],
  ["online", "OFFLINE", 2, false],
  ["deleted", "DELETING", 2, false],
  ["deleting", "RUNNING", 2, false],
];

for (const [goal, state, observed, reached] of cases) {
  test(`${state} of generation ${observed} is ${reached ? "" : "not "}${goal} of 2`, () => {
    expect(reachedGoal(goal, app(state, observed), 2)).toBe(reached);
  });
}

test("what is gone is deleted, and not running", () => {
  expect(reachedGoal("deleted", undefined, 1)).toBe(true);
  expect(reachedGoal("running", undefined, 1)).toBe(false);
});

test("only a failure of this generation ends the wait", () => {
  expect(conditionProblem(app("FAILED", 1, 1), 2)).toBeUndefined();
  expect(conditionProblem(app("FAILED", 1, 2), 2)).toBe("why");
  expect(conditionProblem(app("DEGRADED", 1, 2), 2)).toBeUndefined();
});

test("a bare wait is for the first state, a state that makes no sense here is refused", () => {
  expect(readGoal("", ["running", "pending"])).toBe("running");
  expect(readGoal("Pending", ["running", "pending"])).toBe("pending");
  expect(() => readGoal("deleted", ["running"])).toThrow("--wait: expected one of running");
});
