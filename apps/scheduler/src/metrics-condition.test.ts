import type { Condition } from "@octoplane/kinds/condition";
import type { MetricReading } from "@octoplane/placement/candidate";
import { expect, it } from "vitest";
import { withMetricsCondition } from "./metrics-condition.ts";

const empty = { conditions: [] as readonly Condition[], metrics_reasons: {} };
const good: MetricReading = {
  ok: true,
  name: "a",
  weight: 1,
  raw: 1,
  value: 1,
  time: "",
  provider: "p",
};
const bad = (message: string): MetricReading => ({
  ok: false,
  name: "b",
  weight: 1,
  code: "INVALID_METRIC",
  message,
});

it("only the metrics that fail have reasons, and none is left when they are back", () => {
  const failing = withMetricsCondition({ status: empty, generation: 1 }, [good, bad("x")], "t1");
  expect(failing?.metrics_reasons).toEqual({ b: { code: "INVALID_METRIC", message: "x" } });
  expect(failing?.conditions).toMatchObject([{ type: "MetricsAvailable", status: "False" }]);
  const back = withMetricsCondition({ status: failing!, generation: 1 }, [good], "t2");
  expect(back?.metrics_reasons).toEqual({});
  expect(back?.conditions).toMatchObject([{ status: "True", last_transition_time: "t2" }]);
  expect(withMetricsCondition({ status: back!, generation: 1 }, [], "t3")?.conditions).toEqual([]);
});

it("what is known already is not written again, also when a value has only grown older", () => {
  const old = (seconds: number): readonly MetricReading[] => [
    bad(`p: the value is ${seconds} s old, and may be 60 s`),
  ];
  const status = withMetricsCondition({ status: empty, generation: 1 }, old(61), "t1")!;
  expect(withMetricsCondition({ status, generation: 1 }, old(1_071), "t2")).toBeUndefined();
  expect(withMetricsCondition({ status, generation: 1 }, [bad("gone")], "t2")).toBeDefined();
});
