import { describe, expect, it, test } from "vitest";
import { checkObserverSchema } from "./observer-schema.ts";

const identity = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" } };
const manifest = [{ ...identity, spec: { replicas: 1 } }];
const bounds = (least: unknown, greatest: unknown) => ({
  observer_schema_list_min_length: least,
  observer_schema_list_max_length: greatest,
});
const fieldsOf = (item: object, objects = manifest): readonly string[] =>
  checkObserverSchema([item as Readonly<Record<string, unknown>>], objects).map(
    ({ field }) => field,
  );

test("a partial object of the manifest with null for every field is a schema", () => {
  const spec = {
    replicas: null,
    template: { spec: { containers: [{ image: null }, bounds(1, 1)] } },
  };
  const metadata = { name: "d", labels: { app: null } };
  expect(fieldsOf({ ...identity, metadata, spec })).toEqual([]);
  expect(checkObserverSchema([], manifest)).toEqual([]);
});

test("one of an object that is not in the manifest is refused, unless there is no manifest yet", () => {
  const other = { ...identity, metadata: { name: "e" } };
  expect(fieldsOf(other)).toEqual(["spec.observer_schema[0]"]);
  expect(fieldsOf({ ...identity, kind: "StatefulSet" })).toEqual(["spec.observer_schema[0]"]);
  expect(fieldsOf(other, [])).toEqual([]);
  expect(fieldsOf({ kind: "Deployment" })).toEqual(["spec.observer_schema[0]"]);
});

describe("a leaf", () => {
  it.each([1, "text", true, 0, ""])("that is %j and not null is refused", (value) => {
    expect(fieldsOf({ ...identity, spec: { replicas: value } })).toEqual([
      "spec.observer_schema[0].spec.replicas",
    ]);
  });
});

describe("a list", () => {
  it.each<[string, readonly unknown[], boolean]>([
    ["is nothing", [], false],
    ["has no lengths at its end", [{ image: null }], false],
    ["has half of them", [{ observer_schema_list_min_length: 1 }], false],
    ["has more beside them", [{ ...bounds(0, 0), image: null }], false],
    ["has lengths below 0", [bounds(-1, 1)], false],
    ["has lengths that are no numbers", [bounds("1", 2)], false],
    ["has parts of lengths", [bounds(0.5, 2)], false],
    ["may be at most shorter than at least", [bounds(2, 1)], false],
    ["may be shorter than what it lists", [null, null, bounds(0, 1)], false],
    ["may be of any length", [null, null, bounds(0, 0)], true],
    ["may be of one length", [null, bounds(1, 1)], true],
  ])("that %s", (_what, list, isRight) => {
    expect(fieldsOf({ ...identity, spec: { list } })).toEqual(
      isRight ? [] : ["spec.observer_schema[0].spec.list"],
    );
  });
});
