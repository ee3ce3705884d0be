import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromRegistry } from "./image-registry.ts";
import { applyJsonPatch, type JsonPatch } from "./json-patch.ts";
import type { ManifestObject } from "./manifest.ts";
import { checkOverrides, overriddenFor, type Override } from "./override.ts";

const deployment: ManifestObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", labels: { app: "web" } },
  spec: {
    replicas: 3,
    template: {
      spec: {
        initContainers: [{ name: "init", image: "busybox" }],
        containers: [{ name: "web", image: "registry.test:5000/team/web@sha256:00" }],
      },
    },
  },
};
const service: ManifestObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { ports: [{ port: 80 }] },
};
const manifest = [deployment, service];
const berlin = { name: "berlin", labels: { location: "DE" } };

const patch = (operations: JsonPatch, more: object = {}): Override => ({
  patches: [{ kind: "Service", name: "web", operations, ...more }],
});

describe("overrides", () => {
  it("concern the clusters whose labels or names they say, in their order", () => {
    const overrides: Override[] = [
      { clusters: "location is DE", replicas: { web: 1 }, labels: { where: "DE" } },
      { names: ["paris"], replicas: { web: 9 } },
      { names: ["berlin", "paris"], clusters: "location is DE", labels: { where: "here" } },
    ];
    const { manifest: result, problems } = overriddenFor(manifest, overrides, berlin);
    expect(problems).toEqual([]);
    expect(result).toMatchObject([
      { metadata: { labels: { app: "web", where: "here" } }, spec: { replicas: 1 } },
      { metadata: { labels: { where: "here" } }, spec: { ports: [{ port: 80 }] } },
    ]);
    expect(overriddenFor(manifest, overrides, { name: "rome", labels: {} }).manifest).toBe(
      manifest,
    );
    expect(deployment).toMatchObject({
      metadata: { labels: { app: "web" } },
      spec: { replicas: 3 },
    });
  });

  it("take every image from another registry", () => {
    const [result] = overriddenFor(
      manifest,
      [{ image_registry: "mirror.test/eu" }],
      berlin,
    ).manifest;
    expect(result).toMatchObject({
      spec: {
        template: {
          spec: {
            initContainers: [{ image: "mirror.test/eu/library/busybox" }],
            containers: [{ image: "mirror.test/eu/team/web@sha256:00" }],
          },
        },
      },
    });
  });

  it.each([
    ["nginx:1.27", "r.test/library/nginx:1.27"],
    ["grafana/grafana", "r.test/grafana/grafana"],
    ["localhost/a:1", "r.test/a:1"],
    ["localhost:5000/a/b:1", "r.test/a/b:1"],
    ["quay.test/a/b@sha256:0", "r.test/a/b@sha256:0"],
    ["", ""],
  ])("%s comes from r.test as %s", (image, expected) => {
    expect(fromRegistry(image, "r.test")).toBe(expected);
  });

  it("patch the object that they name", () => {
    const override = patch([
      { op: "test", path: "/spec/ports/0/port", value: 80 },
      { op: "add", path: "/spec/ports/-", value: { port: 443 } },
      { op: "copy", from: "/spec/ports/0", path: "/spec/ports/1" },
    ]);
    const { manifest: result, problems } = overriddenFor(manifest, [override], berlin);
    expect(problems).toEqual([]);
    expect(result[0]).toBe(deployment);
    expect(result[1]).toMatchObject({
      spec: { ports: [{ port: 80 }, { port: 80 }, { port: 443 }] },
    });
  });

  it.each<[string, Override, string, string]>([
    [
      "a path that is not there",
      patch([{ op: "replace", path: "/spec/type", value: "x" }]),
      "o[0].patches[0].operations[0]",
      "nothing is at /spec/type",
    ],
    [
      "a test that does not hold",
      patch([{ op: "test", path: "/spec/ports/0/port", value: 81 }]),
      "o[0].patches[0].operations[0]",
      "the test at /spec/ports/0/port does not hold",
    ],
    [
      "a change of what it is",
      patch([{ op: "replace", path: "/metadata/name", value: "other" }]),
      "o[0].patches[0].operations",
      "expected the object to stay Service of v1, web",
    ],
    [
      "another namespace",
      patch([{ op: "add", path: "/metadata/namespace", value: "x" }]),
      "o[0].patches[0].operations",
      "expected the object to stay",
    ],
    [
      "no such object",
      patch([], { name: "db" }),
      "o[0].patches[0]",
      "no Service db is in the manifest",
    ],
    [
      "no value",
      patch([{ op: "add", path: "/a" }]),
      "o[0].patches[0].operations[0]",
      "expected value",
    ],
    [
      "no from",
      patch([{ op: "move", path: "/a" }]),
      "o[0].patches[0].operations[0]",
      "expected from",
    ],
    [
      "a way into the prototype",
      patch([{ op: "add", path: "/__proto__/polluted", value: 1 }]),
      "o[0].patches[0].operations[0]",
      "",
    ],
    ["no workload", { replicas: { db: 1 } }, "o[0].replicas.db", "no workload of this name"],
    ["no constraint", { clusters: "location is" }, "o[0].clusters", "Invalid label constraint"],
    ["no label", { labels: { "a b": "c" } }, "o[0].labels.a b", "expected a label key"],
  ])("are refused with %s", (_what, override, field, message) => {
    const problems = checkOverrides("o", [override], manifest);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.field).toBe(field);
    expect(problems[0]!.message).toContain(message);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("of any operations leave their input as it was and never throw", () => {
    const path = fc
      .array(
        fc.constantFrom("spec", "ports", "0", "-", "port", "__proto__", "metadata", "~1", ""),
        {
          minLength: 1,
          maxLength: 4,
        },
      )
      .map((parts) => `/${parts.join("/")}`);
    const operation = fc.record(
      {
        op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test"),
        path,
        from: path,
        value: fc.jsonValue(),
      },
      { requiredKeys: ["op", "path"] },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), (operations) => {
        const before = JSON.stringify(service);
        const { value, problem } = applyJsonPatch(service, operations as unknown as JsonPatch);
        expect(JSON.stringify(service)).toBe(before);
        if (problem) expect(value).toBe(service);
        expect(({} as { port?: number }).port).toBeUndefined();
      }),
    );
  });
});
