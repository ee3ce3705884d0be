import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "@octoplane/kube/kube";
import { healthOf } from "./assess-health.ts";

function judge(kind: string, spec: object | undefined, status?: unknown, generation = 1) {
  const slash = kind.indexOf("/");
  const object: KubeObject = {
    apiVersion: "v1",
    kind: kind.slice(slash + 1),
    metadata: { name: "x", generation },
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  };
  return healthOf(kind.slice(0, slash), object);
}

const seen = { observedGeneration: 1 };
const rolled = { ...seen, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
const condition = (type: string, status: string, reason = "") => ({
  type,
  status,
  reason,
  message: "m",
});

describe("a Deployment", () => {
  test.each([
    ["without a status", 2, undefined, "progressing", "NotObserved"],
    [
      "whose change its controller has not seen",
      2,
      { ...rolled, observedGeneration: 0 },
      "progressing",
      "NotObserved",
    ],
    ["that is rolled out", 2, rolled, "healthy", ""],
    ["scaled to nothing", 0, seen, "healthy", ""],
    ["with new Pods to come", 3, rolled, "progressing", "RollingOut"],
    ["whose old Pods remain", 2, { ...rolled, replicas: 3 }, "progressing", "RollingOut"],
    [
      "with a Pod that is not ready",
      2,
      { ...rolled, availableReplicas: 1 },
      "progressing",
      "NotReady",
    ],
    [
      "past its deadline",
      2,
      {
        ...rolled,
        availableReplicas: 1,
        conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded")],
      },
      "degraded",
      "ProgressDeadlineExceeded",
    ],
    [
      "past its deadline once, and well now",
      2,
      { ...rolled, conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded")] },
      "healthy",
      "",
    ],
    [
      "whose Pods may not be made",
      2,
      { ...seen, conditions: [condition("ReplicaFailure", "True", "FailedCreate")] },
      "degraded",
      "FailedCreate",
    ],
  ])("%s", (_name, replicas, status, expected, reason) => {
    expect(judge("apps/Deployment", { replicas }, status)).toMatchObject({
      status: expected,
      reason,
    });
  });

  test("that names no replicas wants one, and counts its Pods", () => {
    expect(judge("apps/Deployment", {}, seen).pods).toEqual({
      desired: 1,
      running: 0,
      completed: 0,
      failed: 0,
    });
    expect(judge("apps/Deployment", { replicas: 2 }, rolled).pods?.running).toBe(2);
  });
});

describe("a StatefulSet", () => {
  const half = { ...seen, readyReplicas: 4, updatedReplicas: 2 };
  test.each([
    ["half rolled out", {}, half, "progressing"],
    [
      "rolled out down to its partition",
      { updateStrategy: { rollingUpdate: { partition: 2 } } },
      half,
      "healthy",
    ],
    [
      "not yet down to its partition",
      { updateStrategy: { rollingUpdate: { partition: 1 } } },
      half,
      "progressing",
    ],
    [
      "with a partition beyond its size",
      { updateStrategy: { rollingUpdate: { partition: 9 } } },
      { ...half, updatedReplicas: 0 },
      "healthy",
    ],
    [
      "that is updated by hand",
      { updateStrategy: { type: "OnDelete" } },
      { ...half, updatedReplicas: 0 },
      "healthy",
    ],
    [
      "with a Pod that is not ready",
      {},
      { ...half, updatedReplicas: 4, readyReplicas: 3 },
      "progressing",
    ],
  ])("%s", (_name, spec, status, expected) => {
    expect(judge("apps/StatefulSet", { replicas: 4, ...spec }, status).status).toBe(expected);
  });
});

describe("a DaemonSet", () => {
  const spread = {
    ...seen,
    desiredNumberScheduled: 3,
    updatedNumberScheduled: 3,
    numberAvailable: 3,
  };
  test.each([
    ["that is new", {}, undefined, "progressing"],
    ["on every node", {}, spread, "healthy"],
    ["without a node for it", {}, { ...seen, desiredNumberScheduled: 0 }, "healthy"],
    ["not on every node", {}, { ...spread, numberAvailable: 2 }, "progressing"],
    ["half rolled out", {}, { ...spread, updatedNumberScheduled: 1 }, "progressing"],
    [
      "that is updated by hand",
      { updateStrategy: { type: "OnDelete" } },
      { ...spread, updatedNumberScheduled: 0 },
      "healthy",
    ],
  ])("%s", (_name, spec, status, expected) => {
    expect(judge("apps/DaemonSet", spec, status).status).toBe(expected);
  });
});

describe("a Job", () => {
  test.each([
    ["that is new", {}, undefined, "progressing", "NotStarted"],
    ["that runs", {}, { active: 1 }, "healthy", ""],
    ["that is suspended", { suspend: true }, {}, "idle", "Suspended"],
    [
      "that is complete",
      { suspend: true },
      { conditions: [condition("Complete", "True")] },
      "completed",
      "Completed",
    ],
    ["whose Pod failed and that will try again", {}, { failed: 1 }, "progressing", "Retrying"],
    [
      "that has failed",
      {},
      { failed: 7, conditions: [condition("Failed", "True", "BackoffLimitExceeded")] },
      "degraded",
      "BackoffLimitExceeded",
    ],
    [
      "whose condition is false",
      {},
      { active: 1, conditions: [condition("Failed", "False")] },
      "healthy",
      "",
    ],
  ])("%s", (_name, spec, status, expected, reason) => {
    expect(judge("batch/Job", spec, status)).toMatchObject({ status: expected, reason });
  });

  test("of a work queue has no number of completions, and wants as many Pods as work at once", () => {
    const complete = { succeeded: 1, conditions: [condition("Complete", "True")] };
    const health = judge("batch/Job", { parallelism: 5 }, complete);
    expect(health).toMatchObject({ status: "completed", pods: { desired: 5, completed: 1 } });
  });

  test("that is suspended wants no Pods", () => {
    expect(judge("batch/Job", { suspend: true, completions: 4 }, {}).pods?.desired).toBe(0);
  });
});

describe("a Pod", () => {
  const waiting = (reason: string) => ({ name: "c", state: { waiting: { reason, message: "m" } } });
  test.each([
    ["without anything", undefined, "progressing", "NotReady"],
    ["without container statuses", { phase: "Pending" }, "progressing", "NotReady"],
    [
      "without a node",
      { phase: "Pending", conditions: [condition("PodScheduled", "False", "Unschedulable")] },
      "progressing",
      "Unschedulable",
    ],
    [
      "that runs and is ready",
      { phase: "Running", containerStatuses: [{ ready: true }, { ready: true }] },
      "healthy",
      "",
    ],
    [
      "with one container that is not ready",
      { phase: "Running", containerStatuses: [{ ready: true }, { ready: false }] },
      "progressing",
      "NotReady",
    ],
    [
      "whose second container crashes",
      { phase: "Running", containerStatuses: [{ ready: true }, waiting("CrashLoopBackOff")] },
      "degraded",
      "CrashLoopBackOff",
    ],
    [
      "whose first image cannot be had",
      { phase: "Pending", initContainerStatuses: [waiting("ImagePullBackOff")] },
      "degraded",
      "ImagePullBackOff",
    ],
    [
      "whose container is being made",
      { phase: "Pending", containerStatuses: [waiting("ContainerCreating")] },
      "progressing",
      "NotReady",
    ],
    ["that has succeeded", { phase: "Succeeded" }, "completed", "Completed"],
    [
      "that was evicted",
      { phase: "Failed", reason: "Evicted", message: "disk" },
      "degraded",
      "Evicted",
    ],
  ])("%s", (_name, status, expected, reason) => {
    expect(judge("/Pod", {}, status)).toMatchObject({ status: expected, reason });
  });
});

describe("other kinds", () => {
  test.each([
    ["/PersistentVolumeClaim", { phase: "Pending" }, "healthy"],
    ["/PersistentVolumeClaim", { phase: "Lost" }, "degraded"],
    ["/Service", { loadBalancer: {} }, "healthy"],
    ["/Namespace", { phase: "Active" }, "healthy"],
    ["/Namespace", { phase: "Terminating" }, "progressing"],
    ["/ConfigMap", undefined, "healthy"],
    ["apiextensions.k8s.io/CustomResourceDefinition", {}, "progressing"],
    [
      "apiextensions.k8s.io/CustomResourceDefinition",
      { conditions: [condition("Established", "True")] },
      "healthy",
    ],
    ["example.org/Widget", { conditions: [condition("Ready", "False")] }, "progressing"],
    ["example.org/Widget", { conditions: [condition("Ready", "Unknown")] }, "progressing"],
    ["example.org/Widget", { conditions: [condition("Ready", "True")] }, "healthy"],
    [
      "example.org/Widget",
      { conditions: [condition("Ready", "True"), condition("Stalled", "True")] },
      "degraded",
    ],
    [
      "example.org/Widget",
      { observedGeneration: 0, conditions: [condition("Ready", "True")] },
      "progressing",
    ],
    [
      "autoscaling/HorizontalPodAutoscaler",
      { conditions: [condition("ScalingActive", "False")] },
      "healthy",
    ],
  ])("%s with %j is %s", (kind, status, expected) => {
    expect(judge(kind, {}, status).status).toBe(expected);
  });

  test("whatever a custom resource has in its status, it is judged and nothing breaks", () => {
    const odd = fc.jsonValue({ maxDepth: 3 });
    const status = fc.oneof(
      odd,
      fc.record({ conditions: fc.oneof(odd, fc.array(odd)), observedGeneration: odd }),
    );
    fc.assert(
      fc.property(status, (value) => {
        const { reason, message } = judge("example.org/Widget", {}, value);
        expect([typeof reason, typeof message]).toEqual(["string", "string"]);
      }),
    );
  });
});
