import { expect, test } from "vitest";
import { readImages, readReplicas, readWorkload } from "./workload-values.ts";

test.each([
  ["web", { name: "web" }],
  ["deploy/web", { kind: "deploy", name: "web" }],
  ["StatefulSet/web@shop", { kind: "StatefulSet", name: "web", namespace: "shop" }],
  ["web@shop", { name: "web", namespace: "shop" }],
])("%s is a workload", (text, expected) => {
  expect(readWorkload(text)).toEqual(expected);
});

test.each(["", "/web", "a/b/c", "web@", "@shop", "web@a@b"])("%j is none", (text) => {
  expect(() => readWorkload(text)).toThrow(/deploy\/web/);
});

test("replicas are a number of some workload", () => {
  expect(readReplicas("sts/db@shop=3")).toEqual({
    kind: "sts",
    name: "db",
    namespace: "shop",
    replicas: 3,
  });
  for (const text of ["web", "web=", "web=-1", "web=1.5", "=3", "web=many"]) {
    expect(() => readReplicas(text)).toThrow(/web=5/);
  }
});

test("images are by container, and may have an equals sign of their own", () => {
  expect(readImages(["app=a:1", "*=b@sha256:1=2"])).toEqual({ app: "a:1", "*": "b@sha256:1=2" });
  expect(() => readImages(["app"])).toThrow(/app=registry/);
  expect(() => readImages(["app="])).toThrow(/image after app=/);
});
