import { expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { saysTheSame, withHistory, type MetricObservation } from "./metric-values.ts";

function observed(value: number | null, second = 0): MetricObservation {
  return {
    value,
    time: value === null ? null : new Date(second * 1_000).toISOString(),
    score: null,
    problem: null,
    source: { provider: "p", type: "static", metric: "m" },
    health: { state: "healthy", message: "" },
  };
}

it("the history of a metric holds what differs from the one before, newest first", () => {
  let history: readonly { readonly time: string; readonly value: number }[] = [];
  const see = (value: number | null, second: number): void => {
    history = withHistory(observed(value, second), [...history]).history;
  };
  for (const [second, value] of [1, 1, 2, null, 2, 1].entries()) see(value, second);
  expect(history.map(({ value, time }) => [value, Date.parse(time) / 1_000])).toEqual([
    [1, 5],
    [2, 2],
    [1, 0],
  ]);
  for (let value = 0; value < 100; value += 1) see(value, value);
  expect(history).toHaveLength(limits.metricHistoryMax);
  expect(history[0]?.value).toBe(99);
});

it("an observation that only came later says the same", () => {
  expect(saysTheSame(observed(1, 1), observed(1, 9))).toBe(true);
  expect(saysTheSame(observed(1, 1), observed(2, 1))).toBe(false);
  expect(saysTheSame(observed(1), { ...observed(1), problem: { code: "C", message: "" } })).toBe(
    false,
  );
});
