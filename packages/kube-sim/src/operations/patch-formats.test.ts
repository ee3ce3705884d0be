import { expect, test } from "vitest";
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
