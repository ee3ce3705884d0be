import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestsOf } from "./workload-requests.ts";

const Gi = 2 ** 30;

const container = (requests: object, limits: object = {}) => ({ resources: { requests, limits } });
const pod = (spec: object) => ({ apiVersion: "v1", kind: "Pod", spec });
const workload = (apiVersion: string, kind: string, spec: object) => ({ apiVersion, kind, spec });
const small = { spec: { containers: [container({ cpu: "250m", memory: "1Gi" })] } };

describe("what a manifest requests", () => {
  it.each([
    ["a Deployment", workload("apps/v1", "Deployment", { replicas: 3, template: small }), 3],
    ["one without replicas", workload("apps/v1", "Deployment", { template: small }), 1],
    ["one at rest", workload("apps/v1", "StatefulSet", { replicas: 0, template: small }), 0],
    ["a ReplicaSet", workload("apps/v1", "ReplicaSet", { replicas: 2, template: small }), 2],
    ["an old controller", workload("v1", "ReplicationController", { template: small }), 1],
    ["a DaemonSet", workload("apps/v1", "DaemonSet", { template: small }), 1],
    ["a Job", workload("batch/v1", "Job", { parallelism: 4, template: small }), 4],
    [
      "a Job with less to do",
      workload("batch/v1", "Job", { parallelism: 4, completions: 2, template: small }),
      2,
    ],
    ["a Job that waits", workload("batch/v1", "Job", { suspend: true, template: small }), 0],
    [
      "a CronJob",
      workload("batch/v1", "CronJob", {
        jobTemplate: { spec: { parallelism: 2, template: small } },
      }),
      2,
    ],
    ["a custom resource", workload("example.org/v1", "Deployment", { template: small }), 0],
  ])("is that of all Pods of %s", (_what, item, pods) => {
    expect(requestsOf([item])).toEqual({
      cpuCores: pods * 0.25,
      memoryBytes: pods * Gi,
      pods,
    });
  });

  it("takes limits for requests that are missing, and nothing for what cannot be read", () => {
    const containers = [
      container({ cpu: 2 }, { cpu: "4", memory: "2Gi" }),
      container({ cpu: "much", memory: -1 }),
      "no container",
    ];
    expect(requestsOf([pod({ containers })])).toEqual({
      cpuCores: 2,
      memoryBytes: 2 * Gi,
      pods: 1,
    });
  });

  it("counts init containers one after the other, and sidecars beside all that come later", () => {
    const initContainers = [
      container({ cpu: "3" }),
      { ...container({ cpu: "1", memory: "1Gi" }), restartPolicy: "Always" },
      container({ cpu: "2.5" }),
    ];
    const spec = { initContainers, containers: [container({ cpu: "1", memory: "1Gi" })] };
    // First alone 3, then 1 + 2.5; later 1 + 1.
    expect(requestsOf([pod(spec)])).toEqual({ cpuCores: 3.5, memoryBytes: 2 * Gi, pods: 1 });
  });

  it("lets requests of the whole Pod stand for the sum, and adds the overhead of its runtime", () => {
    const spec = {
      containers: [container({ cpu: "4", memory: "1Gi" })],
      resources: { requests: { cpu: "1" } },
      overhead: { cpu: "500m", memory: "1Gi" },
    };
    expect(requestsOf([pod(spec)])).toEqual({ cpuCores: 1.5, memoryBytes: 2 * Gi, pods: 1 });
  });

  it("is a number of at least zero whatever stands there", () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
        fc.jsonValue(),
        (all, x) => {
          const odd = [pod({ containers: x, initContainers: x, overhead: x, resources: x })];
          for (const manifest of [all, odd]) {
            const { cpuCores, memoryBytes, pods } = requestsOf(manifest);
            for (const amount of [cpuCores, memoryBytes, pods]) {
              expect(amount).toBeGreaterThanOrEqual(0);
            }
          }
        },
      ),
    );
  });
});
