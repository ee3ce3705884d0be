import { expect, test } from "vitest";
import type { JsonMap } from "../json.ts";
import { customSchema, fillDefaults, pruneUnknown, validateCustom } from "./custom-schema.ts";
import { typedProblems } from "./typed-problems.ts";

const schema: JsonMap = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["size"],
      properties: {
        size: { type: "integer", minimum: 1, maximum: 10 },
        mode: { type: "string", default: "fast", enum: ["fast", "slow"] },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        labels: { type: "object", additionalProperties: { type: "string" } },
        nested: { type: "object", properties: { depth: { type: "integer", default: 1 } } },
        port: { "x-kubernetes-int-or-string": true },
        rows: { type: "array", items: { type: "object", properties: { id: { type: "string" } } } },
      },
    },
  },
};
const custom = customSchema(schema, false);

function widget(spec: JsonMap): JsonMap {
  return { apiVersion: "example.org/v1", kind: "Widget", metadata: { name: "w" }, spec };
}

test("unknown fields are pruned at every depth and named", () => {
  const object = widget({ size: 1, colour: "red", rows: [{ id: "a", extra: 1 }] });
  expect(pruneUnknown(object, custom)).toEqual(["spec.colour", "spec.rows[0].extra"]);
  expect(object["spec"]).toEqual({ size: 1, rows: [{ id: "a" }] });
});

test("fields of preserving and open maps are kept", () => {
  const object = widget({ size: 1, free: { a: { b: 1 } }, labels: { x: "y" } });
  expect(pruneUnknown(object, custom)).toEqual([]);
});

test("defaults are filled in only where their parent is", () => {
  const object = widget({ size: 1, nested: {} });
  fillDefaults(object, schema);
  expect(object["spec"]).toEqual({ size: 1, mode: "fast", nested: { depth: 1 } });
  const without = widget({ size: 1 });
  fillDefaults(without, schema);
  expect(without["spec"]).toEqual({ size: 1, mode: "fast" });
});

const invalid: readonly (readonly [string, JsonMap, string])[] = [
  ["a missing field", {}, "spec.size"],
  ["a number too large", { size: 11 }, "spec.size"],
  ["a value that is not listed", { size: 1, mode: "odd" }, "spec.mode"],
  ["a wrong type", { size: "1" }, "spec.size"],
  ["a wrong type in an open map", { size: 1, labels: { x: 1 } }, "spec.labels.x"],
];

for (const [what, spec, field] of invalid) {
  test(`${what} is found at ${field}`, () => {
    expect(validateCustom(widget(spec), custom).map((cause) => cause.field)).toEqual([field]);
  });
}

test("a number or a text is valid where both are allowed", () => {
  expect(validateCustom(widget({ size: 1, port: 80 }), custom)).toEqual([]);
  expect(validateCustom(widget({ size: 1, port: "http" }), custom)).toEqual([]);
});

test("server-side apply refuses undeclared fields and wrong types", () => {
  expect(typedProblems(widget({ size: "1", colour: "red" }), custom)).toEqual([
    ".spec.size: expected numeric (int or float), got &value.valueUnstructured{Value:1}",
    ".spec.colour: field not declared in schema",
  ]);
});
