import { expect, test } from "vitest";
import type { DecisionDifference } from "@octoplane/kinds/decision-difference";
import { differenceLines } from "./difference-lines.ts";

const place = (name: string) => ({ namespace: "n", name });
const refusals = { came: [], went: [] };
const difference: DecisionDifference = {
  from: 2,
  to: 3,
  outcome: ["placed", "moved"],
  chosen: [place("a"), place("b")],
  places: [[], ["n/b", "n/c"]],
  reason: ["same", "same"],
  generation: [1, 1],
  fitting: [2, 1],
  clusters: [
    {
      cluster: place("a"),
      change: "no longer fits",
      score: [0.5, null],
      refusals: { came: ["a is \u001bOFFLINE"], went: [] },
      parts: [],
    },
    {
      cluster: place("b"),
      change: "score",
      score: [0.25, 0.75],
      refusals,
      parts: [
        { name: "load", value: [0.25, 0.75], raw: [3, 1], weight: [1, 1] },
        { name: "price", value: [undefined, 0.5], raw: [undefined, 5], weight: [undefined, 2] },
      ],
    },
  ],
};

test("the difference between two decisions in words, without what is the same", () => {
  expect(differenceLines(difference)).toEqual([
    "from decision 2 to decision 3",
    "outcome: placed -> moved",
    "cluster: n/a -> n/b",
    "copies: one -> n/b, n/c",
    "clusters that fit: 2 -> 1",
    "",
    "n/a no longer fits, score 0.5 -> none",
    "  in the way: a is \ufffdOFFLINE",
    "n/b scores otherwise, score 0.25 -> 0.75",
    "  load: 3 -> 1, normalised 0.25 -> 0.75",
    "  price: none -> 5, normalised none -> 0.5, weight none -> 2",
  ]);
  const same = { ...difference, clusters: [] };
  expect(differenceLines(same).at(-1)).toBe("nothing is different with any cluster");
});
