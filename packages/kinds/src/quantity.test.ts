import { expect, it } from "vitest";
import { parseQuantity } from "./quantity.ts";

it.each([
  ["1", 1],
  ["500m", 0.5],
  ["100u", 1e-4],
  ["1.5", 1.5],
  [".5", 0.5],
  ["2.", 2],
  ["2Gi", 2 ** 31],
  ["1Ki", 1_024],
  ["3k", 3_000],
  ["1e3", 1_000],
  ["1E3", 1_000],
  ["1E", 1e18],
  ["-1M", -1e6],
  [" 4 ", 4],
])("the quantity %j is %d", (text, value) => {
  expect(parseQuantity(text)).toBeCloseTo(value, 12);
});

it("a long text is read as quickly as a short one", () => {
  const digits = "1".repeat(1_000_000);
  expect(parseQuantity(`${digits}x`)).toBeUndefined();
});

it.each(["", "m", "1 Gi", "1gi", "1KI", "1e", "0x10", "1e3m", "NaN", "1,5"])(
  "the text %j is no quantity",
  (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  },
);
