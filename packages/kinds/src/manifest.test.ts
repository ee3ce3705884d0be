import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkManifest, identify, type ManifestObject } from "./manifest.ts";

function item(kind: string, name: string, more: object = {}): ManifestObject {
  return { apiVersion: "v1", kind, metadata: { name, ...more } };
}

describe("the objects of a manifest", () => {
  it("are identified by group, kind, namespace and name, never by version", () => {
    const object = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "" },
    };
    const identity = { group: "apps", kind: "Deployment", namespace: undefined, name: "web" };
    expect(identify(object)).toEqual({ ...identity, version: "v1" });
    expect(identify({ ...object, apiVersion: "apps/v1beta1" })).toMatchObject(identity);
    expect(identify(item("Pod", "a", { namespace: "n" }))).toMatchObject({
      group: "",
      namespace: "n",
    });
  });

  it.each<[string, ManifestObject]>([
    ["expected apiVersion, such as apps/v1", {}],
    ["expected apiVersion, such as apps/v1", { apiVersion: 1, kind: "Pod" }],
    ["expected kind, such as Deployment", { apiVersion: "v1", kind: "" }],
    ["expected metadata in this Pod", { apiVersion: "v1", kind: "Pod", metadata: [] }],
    [
      "expected metadata.name in this Pod",
      { apiVersion: "v1", kind: "Pod", metadata: { name: 1 } },
    ],
    [
      "leave the old one behind",
      { apiVersion: "v1", kind: "Service", metadata: { generateName: "a-" } },
    ],
    ["expected metadata.namespace of Pod a to be text", item("Pod", "a", { namespace: 1 })],
    ["a cluster file of kind", { ...item("Cluster", "a"), apiVersion: "kind.x-k8s.io/v1alpha4" }],
    ["render it first", { ...item("K", "a"), apiVersion: "kustomize.config.k8s.io/v1beta1" }],
  ])("that lack something are named: %s", (message, object) => {
    expect(checkManifest([item("Pod", "ok"), object])).toEqual([
      { field: "spec.manifest[1]", message: expect.stringContaining(message) },
    ]);
  });

  it("stand there once each", () => {
    const twice = [item("Pod", "a"), item("Pod", "b"), { ...item("Pod", "a"), apiVersion: "v2" }];
    expect(checkManifest(twice)).toEqual([
      { field: "spec.manifest[2]", message: "Pod a stands here twice, also at spec.manifest[0]" },
    ]);
    const apart = [item("Pod", "a"), item("Pod", "a", { namespace: "n" }), item("Job", "a")];
    expect(checkManifest(apart)).toEqual([]);
  });

  it("may have a group that every JavaScript object has a field of", () => {
    expect(checkManifest([{ ...item("X", "a"), apiVersion: "constructor/v1" }])).toEqual([]);
  });

  it("of any shape are judged without a crash", () => {
    const field = fc.constantFrom("apiVersion", "kind", "metadata", "name", "namespace");
    const shape = fc.dictionary(
      field,
      fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue())),
    );
    fc.assert(fc.property(fc.array(shape), (items) => void checkManifest(items)));
  });
});
