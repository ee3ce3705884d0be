import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applicationState } from "./application-state.ts";
import { clusterState } from "./cluster-state.ts";
import { conditionOf, dropCondition, setCondition, type Condition } from "./condition.ts";

type Short = readonly [
  type: string,
  status: Condition["status"],
  reason?: string,
  message?: string,
];

function condition([type, status, reason = "R", message = ""]: Short): Condition {
  const last_transition_time = "2024-01-01T00:00:00.000Z";
  return { type, status, reason, message, observed_generation: 1, last_transition_time };
}

interface Facts {
  readonly is: readonly Short[];
  readonly deleted?: boolean;
  readonly copies?: number;
  /** The last generation that the copies had in full. */
  readonly had?: number;
  readonly running?: string | null;
  readonly generation?: number;
  readonly backoff_limit?: number;
}

function stateOf(facts: Facts): string {
  const ref = (name: string | null) =>
    name === null ? null : { api: "kubernetes", kind: "Cluster", namespace: "n", name };
  const { state, reason } = applicationState({
    metadata: {
      deleted: facts.deleted ? "2024-01-01T00:00:00Z" : null,
      generation: facts.generation ?? 1,
    },
    spec: { backoff_limit: facts.backoff_limit ?? -1 },
    status: {
      conditions: facts.is.map(condition),
      scheduled_to: ref("a"),
      running_on: ref(facts.running === undefined ? "a" : facts.running),
      copies: Array.from({ length: facts.copies ?? 1 }, () => ({ generation: facts.had ?? 1 })),
    },
  });
  return reason === null ? state : `${state} ${reason.code}`;
}

const placed: Short = ["Scheduled", "True"];
const applied: Short = ["Applied", "True"];
const healthy: Short = ["Healthy", "True", "Healthy"];

describe("the state of an application", () => {
  it.each<[string, Facts]>([
    ["PENDING", { is: [] }],
    ["TRANSLATING", { is: [["Translated", "Unknown", "Translating"]], copies: 0 }],
    [
      "TRANSLATING INVALID_TOSCA_MANIFEST",
      { is: [["Translated", "Unknown", "INVALID_TOSCA_MANIFEST", "no answer"], placed, applied] },
    ],
    [
      "FAILED INVALID_TOSCA_MANIFEST",
      { is: [["Translated", "False", "INVALID_TOSCA_MANIFEST"]], copies: 0 },
    ],
    [
      "DEGRADED INVALID_TOSCA_MANIFEST",
      { is: [["Translated", "False", "INVALID_TOSCA_MANIFEST"], placed, applied, healthy] },
    ],
    ["RUNNING", { is: [["Translated", "True"], placed, applied, healthy] }],
    ["WAITING_FOR_CLUSTER_CREATION", { is: [["Scheduled", "False", "WaitingForCluster"]] }],
    ["DEGRADED NO_SUITABLE_RESOURCE", { is: [["Scheduled", "False", "NO_SUITABLE_RESOURCE"]] }],
    [
      "FAILED NO_SUITABLE_RESOURCE",
      { is: [["Scheduled", "False", "NO_SUITABLE_RESOURCE"]], backoff_limit: 1 },
    ],
    ["CREATING", { is: [placed], copies: 0, running: null }],
    [
      "CREATING Refused",
      { is: [placed, ["Applied", "Unknown", "Refused", "x"]], copies: 0, running: null },
    ],
    ["CREATING", { is: [placed, applied] }],
    ["CREATING", { is: [placed, applied, ["Healthy", "False", "Starting"]] }],
    ["RECONCILING", { is: [placed, applied, healthy], generation: 2 }],
    ["RECONCILING", { is: [placed, applied, ["Healthy", "False", "Updating"]] }],
    ["RUNNING", { is: [placed, applied, healthy] }],
    ["RUNNING", { is: [placed, applied, ["Healthy", "True", "Idle"]] }],
    ["RUNNING", { is: [placed, ["Applied", "True", "Contested", "x"], healthy] }],
    ["RUNNING HOOK_FAILED", { is: [placed, ["Applied", "True", "HOOK_FAILED", "x"], healthy] }],
    ["COMPLETED", { is: [placed, applied, ["Healthy", "True", "Completed"]] }],
    [
      "COMPLETED HOOK_FAILED",
      { is: [placed, ["Applied", "True", "HOOK_FAILED"], ["Healthy", "True", "Completed"]] },
    ],
    ["DEGRADED CrashLoop", { is: [placed, applied, ["Healthy", "False", "CrashLoop"]] }],
    ["MIGRATING", { is: [placed, applied, healthy], running: "b" }],
    ["FAILED Bad", { is: [placed, ["Applied", "False", "Bad"]], copies: 0, running: null }],
    ["DEGRADED Bad", { is: [placed, ["Applied", "False", "Bad"], healthy] }],
    ["CREATING", { is: [placed, ["Applied", "Unknown"]], had: 0 }],
    [
      "DEGRADED NO_SUITABLE_RESOURCE",
      { is: [["Scheduled", "False", "NO_SUITABLE_RESOURCE"], healthy], backoff_limit: 1 },
    ],
    ["DELETING", { is: [placed, applied, healthy], deleted: true }],
    ["DELETING", { is: [placed, applied, healthy, ["Deleting", "True"]], deleted: true }],
    ["DELETING Stuck", { is: [placed, ["Deleting", "False", "Stuck"]], deleted: true }],
    ["WAITING_FOR_CLEANING", { is: [placed, applied, healthy, ["Shutdown", "Unknown"]] }],
    ["READY_FOR_ACTION", { is: [placed, applied, ["Shutdown", "True"]], running: "b" }],
    ["DEGRADED Silent", { is: [placed, applied, healthy, ["Shutdown", "False", "Silent"]] }],
    ["WAITING_FOR_CLEANING", { is: [placed, ["Shutdown", "Unknown"]], deleted: true }],
    ["READY_FOR_ACTION", { is: [placed, ["Shutdown", "True"]], deleted: true }],
    ["DEGRADED Silent", { is: [placed, ["Shutdown", "False", "Silent"]], deleted: true }],
    [
      "DELETING",
      {
        is: [
          ["Shutdown", "True"],
          ["Deleting", "True"],
        ],
        deleted: true,
      },
    ],
  ])("is %s for %j", (expected, facts) => {
    expect(stateOf(facts)).toBe(expected);
  });
});

describe("the state of a cluster", () => {
  it.each<[string, readonly Short[]]>([
    ["PENDING", []],
    ["PENDING", [["MetricsAvailable", "False"]]],
    ["PENDING", [["Scheduled", "True"]]],
    ["FAILED", [["Scheduled", "False"]]],
    [
      "FAILED",
      [
        ["Scheduled", "True"],
        ["Provisioned", "False"],
      ],
    ],
    [
      "ONLINE",
      [
        ["Reachable", "True"],
        ["Provisioned", "False"],
      ],
    ],
    ["ONLINE", [["Reachable", "True"]]],
    [
      "ONLINE",
      [
        ["Reachable", "Unknown"],
        ["NodesReady", "True"],
        ["MetricsAvailable", "True"],
      ],
    ],
    [
      "OFFLINE",
      [
        ["Reachable", "False"],
        ["NodesReady", "False"],
      ],
    ],
    [
      "NOTREADY",
      [
        ["Reachable", "True"],
        ["NodesReady", "False"],
        ["NoPressure", "False"],
      ],
    ],
    [
      "UNHEALTHY",
      [
        ["Reachable", "True"],
        ["NoPressure", "False"],
        ["MetricsAvailable", "False"],
      ],
    ],
    [
      "FAILING_METRICS",
      [
        ["Reachable", "True"],
        ["MetricsAvailable", "False"],
      ],
    ],
  ])("is %s for %j", (state, conditions) => {
    expect(clusterState({ status: { conditions: conditions.map(condition) } }).state).toBe(state);
  });
});

describe("setting a condition", () => {
  const finding = fc.record({
    type: fc.constantFrom("A", "B", "C"),
    status: fc.constantFrom<Condition["status"]>("True", "False", "Unknown"),
    reason: fc.constantFrom("R", "S"),
    message: fc.constantFrom("", "m"),
    observed_generation: fc.constantFrom(1, 2),
  });

  it("keeps one of each type, in order, and moves the time only with the status", () => {
    fc.assert(
      fc.property(fc.array(finding), (findings) => {
        let conditions: readonly Condition[] = [];
        for (const [index, next] of findings.entries()) {
          const before = conditionOf(conditions, next.type);
          const now = `t${index}`;
          const after = setCondition(conditions, next, now);
          const moved = before?.status !== next.status;
          const time = moved ? now : before.last_transition_time;
          expect(conditionOf(after, next.type)).toEqual({ ...next, last_transition_time: time });
          expect(setCondition(after, next, "later")).toBe(after);
          conditions = after;
        }
        const types = conditions.map(({ type }) => type);
        expect(types).toEqual([...new Set(types)].toSorted());
      }),
    );
  });

  it("and dropping one gives back the same list when it is not there", () => {
    const list = [condition(["A", "True"])];
    expect(dropCondition(list, "B")).toBe(list);
    expect(dropCondition(list, "A")).toEqual([]);
  });
});
