import { expect, test } from "vitest";
import { canonicalQuantity, quantityNumber } from "./quantity.ts";

const cases: readonly (readonly [string | number, string | undefined])[] = [
  ["1000m", "1"],
  ["1500m", "1500m"],
  ["0.5", "500m"],
  ["2000m", "2"],
  [2, "2"],
  ["1024Mi", "1Gi"],
  ["0.5Gi", "512Mi"],
  ["1000", "1k"],
  ["1073741824", "1073741824"],
  ["0.5e1", "5"],
  ["0", "0"],
  ["128Mi", "128Mi"],
  ["1E", "1E"],
  ["abc", undefined],
  ["", undefined],
];

for (const [given, expected] of cases) {
  test(`the quantity ${JSON.stringify(given)} is stored as ${expected}`, () => {
    expect(canonicalQuantity(given)).toBe(expected);
  });
}

test("a canonical quantity stays the same amount", () => {
  for (const [given, expected] of cases) {
    if (expected !== undefined) expect(quantityNumber(expected)).toBe(quantityNumber(given));
  }
});
