import { describe, expect, it } from "vitest";
import { podSpecOf, podSpecPath } from "./pod-spec.ts";

const pods = { containers: [{ name: "c" }] };

describe("the specification of the Pods of an object", () => {
  it("stands where Kubernetes has it for the kind", () => {
    const template = { spec: pods };
    const items = [
      { kind: "Pod", spec: pods },
      { kind: "PodTemplate", template },
      { kind: "CronJob", spec: { jobTemplate: { spec: { template } } } },
      ...[
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "ReplicationController",
        "Job",
      ].map((kind) => ({ kind, spec: { template } })),
    ];
    for (const item of items) expect(podSpecOf(item), item.kind).toEqual(pods);
  });

  it("is empty for other kinds, and where something else is written in its way", () => {
    expect(podSpecPath({ kind: "Service" })).toBeUndefined();
    const odd = [
      { kind: "Service", spec: pods },
      { spec: pods },
      { kind: 7, spec: pods },
      { kind: "Pod" },
      { kind: "Pod", spec: [pods] },
      { kind: "Job", spec: { template: "text" } },
      { kind: "CronJob", spec: { jobTemplate: null } },
    ];
    for (const item of odd) expect(podSpecOf(item)).toEqual({});
  });
});
