import fc from "fast-check";
import { expect, test } from "vitest";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import type { ServedKind } from "@octoplane/kube/kube";
import { desiredObjects, digestOf } from "./desired.ts";
import { digestAnnotation, nameAnnotation, ownerLabel } from "./mark.ts";

const owner = { uid: "uid-1", namespace: "team", name: "shop" };

function kind(text: string, options: Partial<ServedKind> = {}): ServedKind {
  const [group = "", version = "", name = ""] = text.split("/");
  const plural = `${name.toLowerCase()}s`;
  return { group, version, kind: name, plural, namespaced: true, verbs: [], ...options };
}

const kinds = [
  kind("/v1/ConfigMap"),
  kind("/v1/Namespace", { namespaced: false }),
  kind("apps/v1/Deployment"),
  kind("batch/v1/Job"),
  kind("autoscaling/v2/HorizontalPodAutoscaler"),
  kind("rbac.authorization.k8s.io/v1/ClusterRole", { namespaced: false }),
];

const cluster = { kinds, silentGroups: ["silent.example.org"], defaultNamespace: "home" };

function resolve(...manifest: ManifestObject[]) {
  return desiredObjects(manifest, cluster, owner);
}

function object(apiVersion: string, name: string, more: object = {}): ManifestObject {
  const [version = "", kindName = ""] = apiVersion.split(" ");
  return { apiVersion: version, kind: kindName, metadata: { name }, ...more };
}

test("an object without a namespace goes to that of the kubeconfig, one with a namespace stays in it", () => {
  const there = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "there" },
  };
  const { objects } = resolve(object("v1 ConfigMap", "a"), there);
  expect(objects.map(({ ref }) => ref.namespace)).toEqual(["home", "there"]);
  expect(objects.map(({ object: sent }) => sent.metadata.namespace)).toEqual(["home", "there"]);
  expect(objects.map(({ id }) => id)).toEqual(["|ConfigMap|home|a", "|ConfigMap|there|a"]);
});

test("a namespace that was written on an object of the whole cluster is dropped", () => {
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "r", namespace: "wrong" },
  };
  const [desired] = resolve(role).objects;
  expect(desired?.ref).not.toHaveProperty("namespace");
  expect(desired?.object.metadata).not.toHaveProperty("namespace");
});

test("one object that is written twice, with and without its namespace, is applied once and told", () => {
  const again = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "home" } };
  const { objects, unresolved } = resolve(object("v1 ConfigMap", "a"), again);
  expect(objects).toHaveLength(1);
  expect(unresolved[0]?.message).toContain("twice");
});

test("what only a server writes, and what means nothing on another cluster, is not sent", () => {
  const dumped = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "a",
      uid: "u",
      resourceVersion: "7",
      generation: 3,
      creationTimestamp: null,
      deletionTimestamp: "2026-01-01T00:00:00Z",
      selfLink: "/x",
      managedFields: [],
      ownerReferences: [{ uid: "of another cluster" }],
      labels: null,
      finalizers: ["kept/finalizer"],
    },
    status: { phase: "x" },
    data: { a: "1" },
  };
  const [desired] = resolve(dumped).objects;
  expect(desired?.object).toEqual({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "a",
      namespace: "home",
      finalizers: ["kept/finalizer"],
      labels: { [ownerLabel]: "uid-1" },
      annotations: { [nameAnnotation]: "team/shop", [digestAnnotation]: desired?.digest },
    },
    data: { a: "1" },
  });
});

test("a version that is served no longer is told with those that are", () => {
  const { unresolved } = resolve(object("apps/v1beta1 Deployment", "d"));
  expect(unresolved[0]).toMatchObject({
    title: "Deployment d",
    message: "the cluster no longer serves Deployment of apps/v1beta1; it serves apps/v1",
    canPass: false,
  });
});

test("a kind of a group whose server does not answer may be served: that is waited for", () => {
  const { unresolved } = resolve(object("silent.example.org/v1 Widget", "w"));
  expect(unresolved[0]).toMatchObject({
    message: "the cluster's server of silent.example.org does not answer",
    canPass: true,
  });
});

test("a kind that the same manifest defines is on its way, any other unknown kind is not", () => {
  const definition = object(
    "apiextensions.k8s.io/v1 CustomResourceDefinition",
    "widgets.example.org",
    {
      spec: { group: "example.org", names: { kind: "Widget" } },
    },
  );
  const { unresolved } = resolve(
    object("example.org/v1 Widget", "w"),
    object("example.org/v1 Gadget", "g"),
    definition,
  );
  const coming = unresolved.map(({ title, canPass }) => [title, canPass]);
  expect(coming).toContainEqual(["Widget w", true]);
  expect(coming).toContainEqual(["Gadget g", false]);
});

test("the replicas of what an autoscaler of the manifest scales are the autoscaler's", () => {
  const scaler = object("autoscaling/v2 HorizontalPodAutoscaler", "h", {
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "scaled" } },
  });
  const deployment = (name: string) =>
    object("apps/v1 Deployment", name, { spec: { replicas: 3 } });
  const { objects } = resolve(deployment("scaled"), deployment("fixed"), scaler);
  expect(objects.map(({ object: sent }) => sent["spec"])).toMatchObject([{}, { replicas: 3 }, {}]);
  expect(objects[0]?.object["spec"]).not.toHaveProperty("replicas");
});

test.each([{}, { spec: null }, { spec: {} }, { spec: { scaleTargetRef: { name: 7 } } }])(
  "an autoscaler that is nonsense scales nothing: %j",
  (more) => {
    const scaler = object("autoscaling/v2 HorizontalPodAutoscaler", "h", more);
    expect(resolve(scaler).objects).toHaveLength(1);
  },
);

test("only a Job with a time to live removes itself", () => {
  const { objects } = resolve(
    object("batch/v1 Job", "stays", { spec: {} }),
    object("batch/v1 Job", "goes", { spec: { ttlSecondsAfterFinished: 0 } }),
    object("v1 ConfigMap", "c", { spec: { ttlSecondsAfterFinished: 0 } }),
  );
  expect(objects.map(({ removesItself }) => removesItself)).toEqual([false, true, false]);
});

test("a digest does not depend on the order of keys, and on nothing else is it silent", () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, part]) => [key, reversed(part)]),
    );
  };
  fc.assert(
    fc.property(json, (value) => {
      expect(digestOf(reversed(value))).toBe(digestOf(value));
      expect(digestOf({ value })).not.toBe(digestOf({ value: [value] }));
    }),
  );
  expect(digestOf({ a: [1, 2] })).not.toBe(digestOf({ a: [2, 1] }));
  expect(digestOf({ a: null })).not.toBe(digestOf({}));
  expect(digestOf({ a: 1 })).not.toBe(digestOf({ a: "1" }));
});
