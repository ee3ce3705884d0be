import fc from "fast-check";
import { expect, test } from "vitest";
import type { Delivery } from "@octoplane/kinds/delivery";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import type { ServedKind } from "@octoplane/kube/kube";
import { desiredObjects } from "./desired.ts";
import { digestOf } from "./digest.ts";
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
      spec: {
        group: "example.org",
        names: { kind: "Widget" },
        versions: [
          { name: "v1", served: true },
          { name: "v0", served: false },
        ],
      },
    },
  );
  const { unresolved } = resolve(
    object("example.org/v1 Widget", "w"),
    object("example.org/v0 Widget", "old"),
    object("example.org/v1 Gadget", "g"),
    definition,
  );
  const coming = unresolved.map(({ title, canPass }) => [title, canPass]);
  expect(coming).toContainEqual(["Widget w", true]);
  expect(coming).toContainEqual(["Widget old", false]);
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

const at = (name: string, namespace: string): ManifestObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
});

test("the delivery's namespace is for objects that name none, or for all", () => {
  const manifest = [object("v1 ConfigMap", "a"), at("b", "there")];
  const places = (more: Delivery) =>
    desiredObjects(manifest, cluster, owner, more).objects.map(({ ref }) => ref.namespace);
  expect(places({ namespace: "mine" })).toEqual(["mine", "there"]);
  expect(places({ namespace: "mine", override_namespace: true })).toEqual(["mine", "mine"]);
});

test("namespaces are made for objects that name them, save those of Kubernetes and those of the manifest", () => {
  const manifest = [
    at("a", "made"),
    at("b", "made"),
    at("c", "own"),
    at("d", "kube-system"),
    at("e", "default"),
    object("v1 Namespace", "own"),
  ];
  const { objects } = desiredObjects(manifest, cluster, owner, { create_namespaces: true });
  const implied = objects.filter(({ isImplied }) => isImplied);
  expect(implied.map(({ ref }) => ref.name)).toEqual(["made"]);
  expect(implied[0]?.object.metadata.labels).toEqual({ [ownerLabel]: owner.uid });
  expect(desiredObjects(manifest, cluster, owner).objects).toHaveLength(6);
});

test("an object that leaves its name to others has one for each way it is written", () => {
  const job = (image: string): ManifestObject => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { generateName: "migrate-" },
    spec: { template: { spec: { containers: [{ name: "m", image }] } } },
  });
  const nameOf = (...manifest: ManifestObject[]) =>
    resolve(...manifest).objects.map(({ ref, object: sent }) => [ref.name, sent.metadata]);
  const [[first, metadata] = []] = nameOf(job("a"));
  expect(first).toMatch(/^migrate-[0-9a-f]{5}$/);
  expect(metadata).not.toHaveProperty("generateName");
  expect(nameOf(job("a"))[0]?.[0]).toBe(first);
  expect(nameOf(job("b"))[0]?.[0]).not.toBe(first);
  expect(new Set(nameOf(job("a"), job("a")).map(([name]) => name)).size).toBe(2);
  expect(resolve(job("a")).objects[0]?.removesItself).toBe(true);
});

test("replicas are left out when they are somebody else's business", () => {
  const web = object("apps/v1 Deployment", "web", { spec: { replicas: 3, paused: true } });
  const [left] = desiredObjects([web], cluster, owner, { ignore_replicas: true }).objects;
  expect(left?.object["spec"]).toEqual({ paused: true });
  expect(resolve(web).objects[0]?.object["spec"]).toEqual({ replicas: 3, paused: true });
});

test("what objects say of themselves is heard", () => {
  const says = (annotations: object) =>
    resolve({ ...object("v1 ConfigMap", "a"), metadata: { name: "a", annotations } }).objects[0]!;
  expect(says({ "octoplane.io/keep": "true" }).isKept).toBe(true);
  expect(says({ "helm.sh/resource-policy": "keep" }).isKept).toBe(true);
  expect(says({}).isKept).toBe(false);
  expect(says({ "octoplane.io/recreate": "never" }).removesItself).toBe(true);
  expect(says({ "octoplane.io/replace": "true" }).replace).toBe("always");
  expect(says({ "octoplane.io/replace": "never" }).replace).toBe("never");
  expect(says({ "octoplane.io/replace": "perhaps" }).replace).toBeUndefined();
});
