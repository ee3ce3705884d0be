import fc from "fast-check";
import { expect, test } from "vitest";
import { layoutFields, layoutTable } from "./table.ts";
import { textWidth } from "./text-width.ts";

const titles = ["name", "state"];

test("columns are as wide as their widest cell, and nothing trails", () => {
  const rows = [
    ["a-long-name", "ONLINE"],
    ["b", ""],
  ];
  expect(layoutTable({ titles, rows })).toEqual(["name         state", "a-long-name  ONLINE", "b"]);
});

test("a table without rows is its titles", () => {
  expect(layoutTable({ titles, rows: [] })).toEqual(["name  state"]);
});

test("the widest columns give way first when the terminal is narrow", () => {
  const rows = [["short", "x".repeat(30), "y".repeat(25)]];
  expect(layoutTable({ titles: ["a", "b", "c"], rows }, { width: 30 })).toEqual([
    "a      b            c",
    "short  xxxxxxxxxx…  yyyyyyyyy…",
  ]);
});

test("a table that fits is left as it is", () => {
  const rows = [["edge-1", "ONLINE"]];
  expect(layoutTable({ titles, rows }, { width: 14 })).toEqual(layoutTable({ titles, rows }));
});

test("whatever is in it, a table is no wider than the terminal, unless that is tiny", () => {
  const cell = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replace(/\n/g, ""));
  const columns = fc.integer({ min: 1, max: 8 });
  const table = columns.chain((count) =>
    fc.record({
      titles: fc.array(cell, { minLength: count, maxLength: count }),
      rows: fc.array(fc.array(cell, { minLength: count, maxLength: count }), { maxLength: 5 }),
    }),
  );
  fc.assert(
    fc.property(table, fc.integer({ min: 50, max: 200 }), (content, width) => {
      const lines = layoutTable(content, { width });
      expect(lines).toHaveLength(content.rows.length + 1);
      expect(Math.max(...lines.map((line) => textWidth(line)))).toBeLessThanOrEqual(width);
    }),
  );
});

test("values of several lines stay below each other", () => {
  expect(
    layoutFields([
      ["labels", "a=1\nb=2"],
      ["x", ""],
    ]),
  ).toEqual(["labels  a=1", "        b=2", "x"]);
});

test("long values are wrapped at words, or inside a word that is too long", () => {
  const value = "no cluster matches the label constraint location";
  expect(layoutFields([["reason", value]], { width: 34 })).toEqual([
    "reason  no cluster matches the",
    "        label constraint location",
  ]);
  expect(layoutFields([["k", "x".repeat(25)]], { width: 23 })).toEqual([
    `k  ${"x".repeat(20)}`,
    `   ${"x".repeat(5)}`,
  ]);
});
