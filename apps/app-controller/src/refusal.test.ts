import { expect, test } from "vitest";
import type { DesiredObject } from "@octoplane/delivery/desired";
import { immutableFields, mayReplace } from "@octoplane/delivery/replacement";
import { KubeError } from "@octoplane/kube/kube";
import { missingNamespace, takenPorts } from "./refusal.ts";

function refused(...causes: (readonly [field: string, message: string])[]): KubeError {
  return new KubeError("is invalid", {
    status: 422,
    reason: "Invalid",
    retry: false,
    causes: causes.map(([field, message]) => ({ field, message })),
  });
}

function wanted(text: string, more: Partial<DesiredObject> = {}): DesiredObject {
  const [group = "", kind = ""] = text.split("/");
  const served = { group, version: "v1", kind, plural: "x", namespaced: true, verbs: [] };
  return {
    id: `${group}|${kind}|home|x`,
    phase: "workloads",
    ref: { served, namespace: "home", name: "x" },
    object: { apiVersion: "v1", kind, metadata: { name: "x" } },
    digest: "",
    removesItself: false,
    isKept: false,
    isImplied: false,
    leavesReplicas: false,
    replicas: undefined,
    replace: undefined,
    ...more,
  };
}

// The words are those of kube-apiserver 1.36.
test.each([
  ["spec.template", "Invalid value: {}: field is immutable"],
  ["spec.clusterIPs[0]", 'Invalid value: ["None"]: may not change once set'],
  ["roleRef", "Invalid value: {}: cannot change roleRef"],
  ["spec", "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden"],
  ["spec", "Forbidden: pod updates may not change fields other than `spec.containers[*].image`"],
  ["spec", "Forbidden: spec is immutable after creation except resources.requests"],
  ["data", "Forbidden: field is immutable when `immutable` is set"],
  ["parameters", "Forbidden: updates to parameters are forbidden."],
  ["spec.mode", "Invalid value: Value is immutable"],
])("%s that cannot be changed is known by the words: %s", (field, message) => {
  expect(immutableFields(refused([field, message]))).toEqual([field]);
});

test("what is wrong for another reason, too, is not made right by making the object anew", () => {
  const other = [
    "spec.ports[0].port",
    "Invalid value: 99999: must be between 1 and 65535",
  ] as const;
  expect(immutableFields(refused(other))).toEqual([]);
  expect(immutableFields(refused(["spec.selector", "field is immutable"], other))).toEqual([]);
  expect(immutableFields(refused())).toEqual([]);
  expect(immutableFields(new Error("field is immutable"))).toEqual([]);
});

test.each([
  ["batch/Job", "jobs", true],
  ["batch/Job", "never", false],
  ["apps/Deployment", "jobs", false],
  ["apps/Deployment", "any", true],
  ["/PersistentVolumeClaim", "any", false],
  ["/PersistentVolume", "any", false],
  ["/Namespace", "any", false],
  ["apiextensions.k8s.io/CustomResourceDefinition", "any", false],
] as const)("a %s under the policy %s may be made anew: %s", (kind, policy, expected) => {
  expect(mayReplace(wanted(kind), policy)).toBe(expected);
  expect(mayReplace(wanted(kind, { replace: "always" }), policy)).toBe(true);
  expect(mayReplace(wanted(kind, { replace: "never" }), policy)).toBe(false);
});

test("left out, only Jobs may be made anew", () => {
  expect(mayReplace(wanted("batch/Job"), undefined)).toBe(true);
  expect(mayReplace(wanted("/Pod"), undefined)).toBe(false);
});

test("a namespace that is not there is told from an object that is not", () => {
  const missing = (message: string): KubeError =>
    new KubeError(message, { status: 404, reason: "NotFound", retry: false });
  expect(missingNamespace(missing('namespaces "home" not found'), wanted("/ConfigMap"))).toBe(
    "home",
  );
  expect(
    missingNamespace(missing('configmaps "x" not found'), wanted("/ConfigMap")),
  ).toBeUndefined();
});

test("ports that are taken are named by their numbers", () => {
  const ports = [{ port: 1 }, { port: 2, nodePort: 32_000 }, { port: 3, nodePort: 32_001 }];
  const object = { apiVersion: "v1", kind: "Service", metadata: {}, spec: { ports } };
  const text = "Invalid value: 32000: provided port is already allocated";
  const error = refused(["spec.ports[1].nodePort", text], ["spec.ports[0].port", "Required value"]);
  expect(takenPorts(error, wanted("/Service", { object }))).toEqual([32_000]);
  expect(takenPorts(error, wanted("/ConfigMap", { object }))).toEqual([]);
});
