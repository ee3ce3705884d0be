import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "@octoplane/kube/kube";
import { explainedHealth } from "./explained-health.ts";
import { degraded, progressing } from "./health.ts";
import { podTrouble, worstTrouble, type PodRemark } from "./pod-trouble.ts";

function pod(status: unknown): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "web-1" }, status } as KubeObject;
}

const waiting = (reason: string, message?: string) => ({ waiting: { reason, message } });
const ended = (exitCode: number, reason: string, message?: string) => ({
  terminated: { exitCode, reason, message },
});
const running = { running: { startedAt: "2026-01-01T00:00:00Z" } };

/** One container of a Pod that is on a node. */
function container(state: object, more: object = {}) {
  return pod({
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "True" }],
    containerStatuses: [{ name: "app", ready: false, restartCount: 0, state, ...more }],
  });
}

describe("what is wrong with a Pod", () => {
  test.each([
    [
      "an image that cannot be had",
      container(waiting("ImagePullBackOff", "not found")),
      "ImagePullBackOff",
      "Pod web-1, container app: not found",
    ],
    [
      "the same between two attempts",
      container(waiting("ErrImagePull", "not found")),
      "ImagePullBackOff",
      "Pod web-1, container app: not found",
    ],
    [
      "a missing ConfigMap",
      container(waiting("CreateContainerConfigError", 'configmap "x" not found')),
      "CreateContainerConfigError",
      'Pod web-1, container app: configmap "x" not found',
    ],
    [
      "a command that is not there",
      container(waiting("RunContainerError", "no such file")),
      "RunContainerError",
      "Pod web-1, container app: no such file",
    ],
    [
      "a crash loop",
      container(waiting("CrashLoopBackOff", "back-off"), {
        restartCount: 4,
        lastState: ended(3, "Error", "no database"),
      }),
      "CrashLoopBackOff",
      "Pod web-1, container app: ended with exit code 3: no database, after 4 restarts",
    ],
    [
      "the same in the moment between end and back-off",
      container(ended(3, "Error"), { restartCount: 4 }),
      "CrashLoopBackOff",
      "Pod web-1, container app: ended with exit code 3, after 4 restarts",
    ],
    [
      "the same while it runs once more",
      container(running, { restartCount: 4, lastState: ended(3, "Error") }),
      "CrashLoopBackOff",
      "Pod web-1, container app: ended with exit code 3, after 4 restarts",
    ],
    [
      "too little memory",
      container(waiting("CrashLoopBackOff"), {
        restartCount: 1,
        lastState: ended(137, "OOMKilled"),
      }),
      "OOMKilled",
      "Pod web-1, container app: ended with exit code 137 (OOMKilled), after 1 restarts",
    ],
    [
      "a first end that was not well",
      container(ended(1, "Error")),
      "Error",
      "Pod web-1, container app: ended with exit code 1",
    ],
    [
      "no node",
      pod({
        phase: "Pending",
        conditions: [
          { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" },
        ],
      }),
      "Unschedulable",
      "Pod web-1 has no node: 0/3 nodes",
    ],
    [
      "an eviction",
      pod({ phase: "Failed", reason: "Evicted", message: "disk" }),
      "Evicted",
      "Pod web-1 failed: disk",
    ],
    [
      "a container that is made",
      container(waiting("ContainerCreating")),
      "Pending",
      "Pod web-1, container app: ContainerCreating",
    ],
    ["nothing known", pod(undefined), "Pending", "Pod web-1 has not begun"],
    [
      "no readiness",
      container(running),
      "NotReady",
      "Pod web-1, container app: runs and is not ready",
    ],
  ])("%s", (_name, object, reason, message) => {
    expect(podTrouble(object)).toMatchObject({ reason, message });
  });

  test.each([
    [pod({ phase: "Succeeded" })],
    [pod({ phase: "Running", containerStatuses: [{ name: "app", ready: true, state: running }] })],
  ])("is nothing with one that is well", (object) => expect(podTrouble(object)).toBeUndefined());

  const mount: PodRemark = { reason: "FailedMount", message: 'secret "tls" not found' };
  const probe: PodRemark = { reason: "Unhealthy", message: "Readiness probe failed: 503" };
  test("is told by what the cluster remarked where the Pod itself does not say", () => {
    const creating = container(waiting("ContainerCreating"));
    expect(podTrouble(creating, mount)).toMatchObject({
      reason: "FailedMount",
      message: 'Pod web-1: secret "tls" not found',
    });
    expect(podTrouble(container(running), probe)).toMatchObject({ reason: "Unhealthy" });
    expect(podTrouble(creating, probe)).toMatchObject({ reason: "Pending" });
    expect(podTrouble(container(waiting("InvalidImageName")), mount)?.reason).toBe(
      "InvalidImageName",
    );
  });

  test("whatever a Pod says, it is judged and nothing breaks", () => {
    const odd = fc.jsonValue({ maxDepth: 4 });
    const state = fc.record({ waiting: odd, running: odd, terminated: odd }, { requiredKeys: [] });
    const one = fc.record({ name: odd, ready: odd, restartCount: odd, state, lastState: state });
    const status = fc.record({ phase: odd, conditions: odd, containerStatuses: fc.array(one) });
    fc.assert(
      fc.property(fc.oneof(odd, status), (value) => {
        const found = podTrouble(pod(value));
        expect(found === undefined || found.reason.length > 0).toBe(true);
      }),
    );
  });
});

test("of several troubles the one that waiting does not cure is told, and always the same one", () => {
  const troubles = [
    container(waiting("ContainerCreating")),
    container(ended(1, "Error")),
    container(waiting("InvalidImageName", "b")),
    container(waiting("InvalidImageName", "a")),
  ].flatMap((object) => podTrouble(object) ?? []);
  fc.assert(
    fc.property(fc.shuffledSubarray(troubles, { minLength: 4 }), (some) => {
      expect(worstTrouble(some)?.message).toBe("Pod web-1, container app: a");
    }),
  );
});

test("a workload takes its Pod's reason unless it has one of its own that says something", () => {
  const trouble = podTrouble(container(waiting("InvalidImageName", "bad")))!;
  const late = progressing("NotReady", "Deployment web: 0 of 1 Pods are ready");
  expect(explainedHealth(late, trouble)).toEqual({
    status: "progressing",
    reason: "InvalidImageName",
    message: "Deployment web: 0 of 1 Pods are ready; Pod web-1, container app: bad",
  });
  const failed = degraded("BackoffLimitExceeded", "Job a: failed");
  expect(explainedHealth(failed, trouble).reason).toBe("BackoffLimitExceeded");
  expect(explainedHealth(late, undefined)).toBe(late);
});
