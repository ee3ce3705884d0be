import fc from "fast-check";
import { expect, test } from "vitest";
import { layoutTable } from "./table.ts";
import { padded, startOf, textWidth } from "./text-width.ts";

const cases: readonly (readonly [text: string, width: number])[] = [
  ["plain", 5],
  ["ümlaut", 6],
  ["u\u0308ber", 4],
  ["日本語", 6],
  ["한국", 4],
  ["ｆｕｌｌ", 8],
  ["ｶﾅ", 2],
  ["😀", 2],
  ["👨‍👩‍👧", 2],
  ["🇩🇪", 2],
  ["❤️", 2],
  ["a\u200bb", 2],
  ["", 0],
];
for (const [text, width] of cases) {
  test(`${JSON.stringify(text)} takes ${width} columns`, () => expect(textWidth(text)).toBe(width));
}

test("a beginning is never wider than asked for, and padding fills up exactly", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, width) => {
      const start = startOf(text, width);
      expect(text.startsWith(start)).toBe(true);
      expect(textWidth(start)).toBeLessThanOrEqual(width);
      expect(textWidth(padded(start, width))).toBe(width);
    }),
  );
});

test("columns with wide characters stay below each other", () => {
  const rows = [
    ["日本", "x"],
    ["ab", "y"],
  ];
  expect(layoutTable({ titles: ["name", "b"], rows })).toEqual(["name  b", "日本  x", "ab    y"]);
  expect(layoutTable({ titles: ["n", "b"], rows: [["日本語日本語", "x"]] }, { width: 8 })).toEqual([
    "n      b",
    "日本…  x",
  ]);
});

test("colours do not count, and titles have none", () => {
  const paint = (title: string, text: string): string => (title === "s" ? `<${text}>` : text);
  const rows = [
    ["RUN", "a"],
    ["OK", "b"],
  ];
  expect(layoutTable({ titles: ["s", "t"], rows }, { paint })).toEqual([
    "s    t",
    "<RUN>  a",
    "<OK>   b",
  ]);
  expect(layoutTable({ titles: ["s", "t"], rows }, { noHeaders: true })).toEqual([
    "RUN  a",
    "OK   b",
  ]);
});
