import * as fc from "fast-check";
import { applyPatch, type Operation } from "rfc6902";
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

it("an override says how images are pulled, in every container and before its patches", () => {
  const [changed, other] = overriddenFor(manifest, [{ pull_policy: "Never" }], berlin).manifest;
  const { spec } = (changed as { spec: { template: { spec: Record<string, object[]> } } }).spec
    .template;
  expect(spec["initContainers"]).toEqual([
    { name: "init", image: "busybox", imagePullPolicy: "Never" },
  ]);
  expect(spec["containers"]).toMatchObject([{ name: "web", imagePullPolicy: "Never" }]);
  expect(other).toBe(service);
});

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
    ["docker.io/nginx:1.27", "r.test/library/nginx:1.27"],
    ["index.docker.io/grafana/grafana", "r.test/grafana/grafana"],
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
    ...["/spec/ports/-", "/spec/ports/00", "/spec/ports/length", "/spec/ports/1"].map(
      (path): [string, Override, string, string] => [
        `no element at ${path}`,
        patch([{ op: "replace", path, value: {} }]),
        "o[0].patches[0].operations[0]",
        `nothing is at ${path}`,
      ],
    ),
    [
      "a way into what all objects share",
      patch([{ op: "add", path: "/toString/mine", value: 1 }]),
      "o[0].patches[0].operations[0]",
      "nothing is at /toString/mine",
    ],
    [
      "copies of copies",
      patch(
        Array.from({ length: 60 }, (_, index) => ({
          op: "copy" as const,
          from: "/spec",
          path: `/spec/x${index}`,
        })),
      ),
      "o[0].patches[0].operations[15]",
      "expected copies of 1000000 characters at most",
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

  it("copy of an object only what stands on the way to a change", () => {
    const data = { big: [1, 2, 3], other: {} };
    const item = { ...service, data };
    const operations: JsonPatch = [
      { op: "add", path: "/data/small", value: 1 },
      { op: "move", from: "/data/other", path: "/data/moved" },
      { op: "add", path: "/data/moved/more", value: 2 },
    ];
    const [result] = overriddenFor([item], [patch(operations)], berlin).manifest;
    const after = result!["data"] as typeof data;
    expect(after).toEqual({ big: [1, 2, 3], small: 1, moved: { more: 2 } });
    expect(after.big).toBe(data.big);
    expect(data).toEqual({ big: [1, 2, 3], other: {} });
  });

  it("are bounded together, so that nobody else waits while they are tried", () => {
    const operations = Array.from({ length: 64 }, () => ({
      op: "test" as const,
      path: "/kind",
      value: "Service",
    }));
    const overrides = Array.from({ length: 16 }, () => patch(operations));
    expect(checkOverrides("o", overrides.slice(0, 15), manifest)).toEqual([]);
    expect(checkOverrides("o", overrides, manifest)).toEqual([
      { field: "o", message: "expected 1000 operations of patches at most, all together" },
    ]);
  });

  it.each([[{}], [{ ...service, metadata: null }], [{ ...service, metadata: {} }]])(
    "say nothing of %j, which is refused for itself",
    (item) => {
      expect(checkOverrides("o", [{ labels: { a: "b" } }], [item])).toEqual([]);
    },
  );

  it("of any operations leave their input as it was, never throw, and do what RFC 6902 says", () => {
    const words = ["spec", "ports", "0", "1", "-", "port", "__proto__", "metadata", "~1", ""];
    const shared = ["toString", "map", "length", "call"];
    const path = fc
      .array(fc.constantFrom(...words, ...shared), { minLength: 1, maxLength: 4 })
      .map((parts) => `/${parts.join("/")}`);
    const near = fc.constantFrom("/spec/ports/0", "/spec/ports/1", "/spec/ports/1/port", "/spec");
    const place = fc.oneof(path, near);
    const operation = fc.record(
      {
        op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test"),
        path: place,
        from: place,
        value: fc.jsonValue(),
      },
      { requiredKeys: ["op", "path"] },
    );
    const ports = [{ port: 80 }, { port: 443, more: [{ a: 1 }] }, { port: { b: 2 } }];
    const item = frozen({ ...service, spec: { ports } });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), (random) => {
        const operations = random as unknown as JsonPatch;
        const { value, problem } = applyJsonPatch(item, operations);
        for (const method of [Object.prototype.toString, Array.prototype.map]) {
          expect(Object.keys(method)).toEqual([]);
          expect(method.call).toBe(Function.prototype.call);
        }
        expect(({} as { port?: number }).port).toBeUndefined();
        if (problem) {
          expect(value).toBe(item);
          return;
        }
        const plain = structuredClone(item);
        for (const one of operations) {
          const errors = applyPatch(plain, stepsOf(plain, one));
          expect(errors.filter((error) => error)).toEqual([]);
        }
        expect(value).toEqual(plain);
        // It changed something that is there to see: JSON loses no part of it.
        expect(JSON.parse(JSON.stringify(value))).toEqual(value);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** A move is a removal and an addition after it (RFC 6902, 4.4), which the library forgets within one list. */
function stepsOf(document: unknown, operation: JsonPatch[number]): Operation[] {
  const { op, path, from } = operation;
  if (op !== "move" || from === undefined) return [operation as Operation];
  const value: unknown = from
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/"))
    .reduce((parent: Json, step) => parent[step] as Json, document as Json);
  return [
    { op: "remove", path: from },
    { op: "add", path, value },
  ];
}

type Json = Readonly<Record<string, unknown>>;

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
