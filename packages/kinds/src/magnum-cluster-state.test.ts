import { expect, test } from "vitest";
import type { Condition } from "./condition.ts";
import { magnumClusterState } from "./magnum-cluster-state.ts";
import { metricsState } from "./metrics-state.ts";

function conditionsOf(found: Readonly<Record<string, Condition["status"]>>): Condition[] {
  return Object.entries(found).map(([type, status]) => ({
    type,
    status,
    reason: `${type}Reason`,
    message: "m",
    observed_generation: 1,
    last_transition_time: "2024-01-01T00:00:00Z",
  }));
}

const made = { api: "kubernetes", kind: "Cluster", namespace: "n", name: "c" };

test.each<[string, Readonly<Record<string, Condition["status"]>>, boolean, boolean]>([
  ["PENDING", {}, false, false],
  ["PENDING", { Scheduled: "True" }, false, false],
  ["FAILED ScheduledReason", { Scheduled: "False" }, false, false],
  ["CREATING", { Scheduled: "True", Provisioned: "Unknown" }, false, false],
  ["RECONCILING", { Scheduled: "True", Provisioned: "Unknown" }, true, false],
  ["RUNNING", { Scheduled: "True", Provisioned: "True" }, true, false],
  ["FAILED ProvisionedReason", { Provisioned: "False" }, true, false],
  ["DELETING", { Provisioned: "True" }, true, true],
  ["DELETING ProvisionedReason", { Provisioned: "False" }, true, true],
])(
  "a Magnum cluster is %s for %j (made: %s, deleted: %s)",
  (expected, found, isMade, isDeleted) => {
    const { state, reason } = magnumClusterState({
      metadata: { deleted: isDeleted ? "2024-01-01T00:00:00Z" : null },
      status: { conditions: conditionsOf(found), cluster: isMade ? made : null },
    });
    expect(reason === null ? state : `${state} ${reason.code}`).toBe(expected);
  },
);

test("a cloud or a project is online until a metric of it is known to fail", () => {
  const stateOf = (found: Readonly<Record<string, Condition["status"]>>) =>
    metricsState({ status: { conditions: conditionsOf(found) } });
  for (const found of [
    {},
    { MetricsAvailable: "True" },
    { MetricsAvailable: "Unknown" },
  ] as const) {
    expect(stateOf(found)).toEqual({ state: "ONLINE", reason: null });
  }
  expect(stateOf({ MetricsAvailable: "False" })).toEqual({
    state: "FAILING_METRICS",
    reason: { code: "MetricsAvailableReason", message: "m" },
  });
});
