import { expect, test } from "vitest";
import { ApiError } from "../api-error.ts";
import { jsonPatch, mergePatch } from "./json-patch.ts";
import { strategicMerge } from "./strategic-merge.ts";

test("a merge patch removes by null and merges maps", () => {
  const before = { a: 1, b: { c: 1, d: 2 }, list: [1, 2] };
  const patch = { a: null, b: { c: 3 }, list: [9] };
  expect(mergePatch(before, patch)).toEqual({ b: { c: 3, d: 2 }, list: [9] });
});

test("a JSON patch adds, replaces, moves and removes without touching its input", () => {
  const before = { a: 1, list: [1, 2], "x/y": 0 };
  const after = jsonPatch(before, [
    { op: "replace", path: "/a", value: 2 },
    { op: "add", path: "/list/-", value: 3 },
    { op: "remove", path: "/list/0" },
    { op: "move", from: "/x~1y", path: "/z" },
  ]);
  expect(after).toEqual({ a: 2, list: [2, 3], z: 0 });
  expect(before).toEqual({ a: 1, list: [1, 2], "x/y": 0 });
});

const malformed: readonly (readonly [string, unknown])[] = [
  ["a list of anything but operations", ["add"]],
  ["no path", { op: "add", value: 1 }],
  ["a path without a slash at its beginning", { op: "add", path: "a", value: 1 }],
  ["no value to add", { op: "add", path: "/b" }],
  ["no value to replace with", { op: "replace", path: "/a" }],
  ["no value to test", { op: "test", path: "/a" }],
  ["an element that is no number", { op: "add", path: "/list/first", value: 0 }],
  ["an element with a leading zero", { op: "replace", path: "/list/01", value: 0 }],
  ["an element without a number", { op: "remove", path: "/list/" }],
  ["an element before the first", { op: "add", path: "/list/-1", value: 0 }],
  ["an element past the end", { op: "add", path: "/list/3", value: 0 }],
  ["the element after the last one, to be removed", { op: "remove", path: "/list/-" }],
  ["a field of a number", { op: "add", path: "/a/b", value: 0 }],
  ["a field that every object inherits", { op: "add", path: "/__proto__/polluted", value: 1 }],
  ["a field that is inherited, to be copied", { op: "copy", from: "/constructor", path: "/b" }],
];
for (const [what, operation] of malformed) {
  test(`a JSON patch with ${what} is refused`, () => {
    expect(() => jsonPatch({ a: 1, list: [1, 2] }, [operation])).toThrow(ApiError);
    expect("polluted" in {}).toBe(false);
  });
}

test("patches set a field called __proto__ like any other", () => {
  const document: unknown = JSON.parse('{"a":{}}');
  const field = "__proto__";
  const patched = jsonPatch(document, [{ op: "add", path: `/a/${field}`, value: { b: 1 } }]);
  expect(JSON.stringify(patched)).toBe('{"a":{"__proto__":{"b":1}}}');
  const merged = mergePatch(document, JSON.parse('{"a":{"__proto__":{"b":1}}}'));
  expect(JSON.stringify(merged)).toBe('{"a":{"__proto__":{"b":1}}}');
});

test("a JSON patch whose test fails is refused", () => {
  expect(() => jsonPatch({ a: 1 }, [{ op: "test", path: "/a", value: 2 }])).toThrow("test failed");
});

test("a strategic patch merges containers by name", () => {
  const before = { containers: [{ name: "a", image: "a:1", tty: true }, { name: "b" }] };
  const after = strategicMerge(before, { containers: [{ name: "a", image: "a:2" }] });
  expect(after).toEqual({ containers: [{ name: "a", image: "a:2", tty: true }, { name: "b" }] });
});

test("a strategic patch removes an element by its directive", () => {
  const before = { containers: [{ name: "a" }, { name: "b" }] };
  const after = strategicMerge(before, { containers: [{ name: "a", $patch: "delete" }] });
  expect(after).toEqual({ containers: [{ name: "b" }] });
});

test("a strategic patch replaces lists without a key", () => {
  expect(strategicMerge({ args: ["a", "b"] }, { args: ["c"] })).toEqual({ args: ["c"] });
});
