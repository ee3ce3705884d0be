import { describe, expect, it, test } from "vitest";
import { checkObserverSchema } from "@octoplane/kinds/observer-schema";
import { defaultSchema, observedFields, wrongLengths } from "./observed-fields.ts";

const bounds = (least: number, greatest: number) => ({
  observer_schema_list_min_length: least,
  observer_schema_list_max_length: greatest,
});
const container = {
  name: "echo",
  image: "registry.example/echo:1",
  ports: [{ containerPort: 8080 }],
  env: [{ name: "A", value: "1" }],
};
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "echo", labels: { tier: "web", team: "a" } },
  spec: {
    selector: { matchLabels: { app: "echo", tier: "web" } },
    template: { spec: { containers: [container], tolerations: [{ key: "a" }, { key: "b" }] } },
  },
};
const schemaOf = (spec: object, metadata: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "echo", namespace: null, ...metadata },
  spec,
});
const pick = (schema: object, found?: unknown) =>
  observedFields({ ...schema }, { group: "apps", wanted: deployment, found });
const inTemplate = (spec: object) => schemaOf({ template: { spec } });

describe("of an object, ours are", () => {
  it("the fields that are null in the schema, and nothing else of it", () => {
    const schema = schemaOf({ strategy: null }, { labels: { team: null } });
    expect(pick(schema)).toEqual({ metadata: { labels: { team: "a" } } });
  });

  it("fields that the manifest does not set, with the value that they were found with", () => {
    const schema = schemaOf({ replicas: null });
    expect(pick(schema, { spec: { replicas: 3 } })).toEqual({ spec: { replicas: 3 } });
    const isPin = { group: "apps", wanted: deployment, found: { spec: { replicas: 3 } } };
    const both = { spec: { replicas: null, template: { spec: { containers: null } } } };
    expect(observedFields(both, { ...isPin, isPin: true })).toEqual({ spec: { replicas: 3 } });
  });

  it("elements that are told apart by a key, with that key, whether it is watched or not", () => {
    const schema = inTemplate({ containers: [{ image: null }, bounds(1, 1)] });
    expect(pick(schema)).toEqual({
      spec: { template: { spec: { containers: [{ name: "echo", image: container.image }] } } },
    });
  });

  it("all of what is one value to a server, as soon as a part of it is", () => {
    const schema = schemaOf({
      selector: { matchLabels: { app: null } },
      template: { spec: { tolerations: [{ key: null }, bounds(1, 0)] } },
    });
    const { selector, template } = deployment.spec;
    const { tolerations } = template.spec;
    expect(pick(schema)).toEqual({ spec: { selector, template: { spec: { tolerations } } } });
  });

  it("of kinds of which nothing is known, lists as a whole", () => {
    const spec = { ports: [{ port: 1, name: "a" }, { port: 2 }] };
    const schema = { spec: { ports: [{ port: null }, bounds(1, 0)] } };
    expect(observedFields(schema, { group: "x", wanted: { spec }, found: undefined })).toEqual({
      spec,
    });
  });

  it("never what only a server writes", () => {
    const schema = { ...schemaOf({}), status: { replicas: null } };
    expect(pick(schema, { status: { replicas: 1 } })).toEqual({});
  });
});

describe("a list", () => {
  const live = (more: readonly object[]) => ({
    spec: { template: { spec: { containers: [container, ...more] } } },
  });
  const side = { name: "side", image: "registry.example/side:1" };
  const lengths = (schema: object, found: object) =>
    wrongLengths({ ...schema }, deployment, found).map(({ field, isShort, extra }) => [
      field,
      isShort,
      ...extra,
    ]);
  const of = (least: number, greatest: number) =>
    inTemplate({ containers: [{ name: null }, bounds(least, greatest)] });

  it.each<[string, number, number, number]>([
    ["as long as it may be at most", 1, 1, 0],
    ["shorter than that", 1, 3, 1],
    ["of which there is no limit", 1, 0, 5],
  ])("%s is right", (_what, least, greatest, more) => {
    expect(lengths(of(least, greatest), live(Array.from({ length: more }, () => side)))).toEqual(
      [],
    );
  });

  it("that is longer tells what is too much, never what the manifest has, the last one first", () => {
    const found = live([side, { ...side, name: "other" }]);
    const at = "spec.template.spec.containers";
    const [first, second] = [1, 2].map((index) => `/spec/template/spec/containers/${index}`);
    expect(lengths(of(1, 1), found)).toEqual([[at, false, second, first]]);
    expect(lengths(of(1, 2), found)).toEqual([[at, false, second]]);
  });

  it("that is shorter than it should be, and than the manifest has it, is too short", () => {
    const found = { spec: { template: { spec: { containers: [] } } } };
    expect(lengths(of(1, 1), found)).toEqual([["spec.template.spec.containers", true]]);
    expect(lengths(of(0, 1), found)).toEqual([]);
  });

  it("inside another one is looked at where its element stands now", () => {
    const env = [...container.env, { name: "B", value: "2" }];
    const found = { spec: { template: { spec: { containers: [side, { ...container, env }] } } } };
    const schema = inTemplate({
      containers: [{ name: null, env: [{ name: null }, bounds(1, 1)] }, bounds(1, 0)],
    });
    expect(lengths(schema, found)).toEqual([
      ["spec.template.spec.containers.1.env", false, "/spec/template/spec/containers/1/env/1"],
    ]);
  });

  it("of variables does not count those of hooks", () => {
    const name = "app-krake-complete-secret-token";
    const variable = { name: "T", valueFrom: { secretKeyRef: { name, key: "t" } } };
    const env = [variable, ...container.env];
    const found = { spec: { template: { spec: { containers: [{ ...container, env }] } } } };
    const inner = { name: null, env: [{ name: null, value: null }, bounds(1, 1)] };
    expect(lengths(inTemplate({ containers: [inner, bounds(1, 1)] }), found)).toEqual([]);
  });
});

test("the schema of an object without one is right, and has everything of it", () => {
  const schema = defaultSchema(deployment);
  expect(checkObserverSchema([schema], [deployment])).toEqual([]);
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = deployment;
  const { labels } = metadata;
  expect(pick(schema)).toEqual({ ...rest, metadata: { labels } });
});
