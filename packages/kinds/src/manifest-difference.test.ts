import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manifestDifference } from "./manifest-difference.ts";

const deployment = (image: string, ...env: readonly string[]) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    replicas: 2,
    template: {
      spec: {
        containers: [
          { name: "app", image, args: ["-v", "1"] },
          { name: "proxy", image: "p", env: env.map((name) => ({ name, value: "x" })) },
        ],
      },
    },
  },
});
const secret = (password: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "s" },
  data: { password },
});

describe("the difference between two manifests", () => {
  it("is told object by object and field by field, lists by the names of what they hold", () => {
    const before = [deployment("a:1", "A", "B"), secret("x")];
    const after = [
      { apiVersion: "v1", kind: "Service", metadata: { name: "web" } },
      deployment("a:2", "B", "C"),
    ];
    const container = (name: string): string => `spec.template.spec.containers[${name}]`;
    expect(manifestDifference(before, after)).toEqual([
      { object: "Service/web", change: "added", fields: [] },
      {
        object: "Deployment/web in shop (apps)",
        change: "changed",
        fields: [
          { path: `${container("app")}.image`, before: "a:1", after: "a:2" },
          { path: `${container("proxy")}.env[A]`, before: { name: "A", value: "x" } },
          { path: `${container("proxy")}.env[C]`, after: { name: "C", value: "x" } },
        ],
      },
      { object: "Secret/s", change: "removed", fields: [] },
    ]);
  });

  it("tells that a secret is another one, and not which", () => {
    const [found] = manifestDifference([secret("old-77")], [secret("new-77")]);
    expect(found?.fields).toEqual([
      { path: "data.password", before: "(hidden)", after: "(hidden)" },
    ]);
  });

  it("knows one object from another by its group, and not by its version", () => {
    const at = (apiVersion: string) => [{ apiVersion, kind: "Widget", metadata: { name: "w" } }];
    expect(manifestDifference(at("a.io/v1"), at("a.io/v2"))).toEqual([
      {
        object: "Widget/w (a.io)",
        change: "changed",
        fields: [{ path: "apiVersion", before: "a.io/v1", after: "a.io/v2" }],
      },
    ]);
    expect(manifestDifference(at("a.io/v1"), at("b.io/v1")).map(({ change }) => change)).toEqual([
      "added",
      "removed",
    ]);
  });

  it("is none of a manifest to itself, and some as soon as anything is different", () => {
    const item = fc.record({
      apiVersion: fc.constant("v1"),
      kind: fc.constant("ConfigMap"),
      metadata: fc.record({ name: fc.constantFrom("a", "b") }),
      data: fc.jsonValue(),
    });
    const one = (manifest: readonly object[]) => JSON.parse(JSON.stringify(manifest));
    fc.assert(
      fc.property(item, item, (a, b) => {
        const [before, after] = [one([a]), one([b])];
        expect(manifestDifference(before, before)).toEqual([]);
        const isSame = manifestDifference(before, after).length === 0;
        // What stands in another order under names is the same.
        if (!isSame) expect(after).not.toEqual(before);
        if (JSON.stringify(before) === JSON.stringify(after)) expect(isSame).toBe(true);
      }),
    );
  });
});
