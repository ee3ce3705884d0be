import { expect, it } from "vitest";
import { warnOfWeights } from "./metric-ref.ts";

function warnings(...weights: readonly number[]): readonly string[] {
  return warnOfWeights(
    weights.map((weight, index) => ({ name: `m${index}`, weight, namespaced: false })),
  );
}

it("weights above zero are nothing to warn of, nor are none", () => {
  expect(warnings()).toEqual([]);
  expect(warnings(1, 0.001, 1e300)).toEqual([]);
});

it.each<[readonly number[], readonly string[]]>([
  [[1, 0], ["the weight of m1 is 0: it counts nothing in the score"]],
  [[2, -1], [expect.stringContaining("the weight of m1 is -1: scores leave the range")]],
  [
    [0],
    [
      "the weight of m0 is 0: it counts nothing in the score",
      "the weights of the metrics come to 0 together: the score is 0 whatever they are",
    ],
  ],
  [
    [1, -2],
    [
      expect.stringContaining("(direction: lower)"),
      "the weights of the metrics come to -1 together: each counts the other way round",
    ],
  ],
  [
    [1e308, 1e308],
    ["the weights of the metrics come to Infinity together: the score is 0 whatever they are"],
  ],
])("weights of %j are told of", (weights, expected) => {
  expect(warnings(...weights)).toEqual(expected);
});
