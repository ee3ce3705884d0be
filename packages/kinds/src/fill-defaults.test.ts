import { Type } from "typebox";
import { Value } from "typebox/value";
import { expect, test } from "vitest";
import { fillDefaults } from "./fill-defaults.ts";
import { kinds } from "./registry.ts";

test("every kind's status is filled as the schema library fills it", () => {
  for (const kind of kinds) {
    if (kind.status === undefined) continue;
    expect(fillDefaults(kind.status, {})).toEqual(Value.Default(kind.status, {}));
  }
});

test("the value that was given is not changed, and comes back as it is when nothing is missing", () => {
  const schema = Type.Object({
    a: Type.Object({ b: Type.Integer({ default: 1 }) }, { default: {} }),
    list: Type.Array(Type.Object({ c: Type.String({ default: "x" }) }), { default: [] }),
  });
  const given = { list: [{}, { c: "y" }] };
  expect(fillDefaults(schema, given)).toEqual({ a: { b: 1 }, list: [{ c: "x" }, { c: "y" }] });
  expect(given).toEqual({ list: [{}, { c: "y" }] });
  const whole = { a: { b: 2 }, list: [] };
  expect(fillDefaults(schema, whole)).toBe(whole);
});

test("a name that an object inherits is not taken for a field that was given", () => {
  const schema = Type.Object({ toString: Type.String({ default: "text" }) });
  expect(fillDefaults(schema, {})).toEqual({ toString: "text" });
});

test("two values that were filled never share what was filled in", () => {
  const schema = Type.Object({ list: Type.Array(Type.Integer(), { default: [] }) });
  const first = fillDefaults(schema, {}) as { list: number[] };
  first.list.push(1);
  expect(fillDefaults(schema, {})).toEqual({ list: [] });
});
