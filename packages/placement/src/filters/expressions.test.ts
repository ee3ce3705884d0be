import { describe, expect, it } from "vitest";
import { decide } from "../decide.ts";
import {
  application,
  candidate,
  detail,
  reading,
  snapshot,
  type AppFacts,
} from "../testing/facts.ts";

const clusters = [
  candidate({ name: "a", labels: { tier: "gold" }, readings: [reading("load", 1, 0.9)] }),
  candidate({ name: "b", labels: {}, readings: [reading("load", 1, 0.1)] }),
  candidate({ name: "c", labels: { tier: "silver" }, readings: [reading("load", 1, 0.2)] }),
];

function decided(facts: AppFacts) {
  const { chosen, candidates } = decide(application(facts), snapshot(clusters), detail);
  const verdicts = candidates.map((row) => {
    const verdict = row.verdicts.find(({ filter }) => filter === "expressions");
    return [row.cluster.name, verdict?.reason, verdict?.message];
  });
  return { chosen: chosen?.name, verdicts };
}

describe("expressions", () => {
  it("leave the clusters for which all of them are true, and say what is in the way elsewhere", () => {
    const expressions = ['labels.tier == "silver"', "metrics.load < 0.5"];
    const { chosen, verdicts } = decided({ more: { expressions } });
    expect(chosen).toBe("c");
    expect(verdicts).toEqual([
      ["c", "", ""],
      ["a", "ExpressionFalse", '"labels.tier == "silver"" is false'],
      [
        "b",
        "ExpressionUnknown",
        '"labels.tier == "silver"" cannot be worked out: there is no tier',
      ],
    ]);
  });

  it("are no verdict of an application that has none", () => {
    expect(decided({}).verdicts.every(([, reason]) => reason === undefined)).toBe(true);
  });

  it("never hold when they do not parse", () => {
    expect(decided({ more: { expressions: ["1 +"] } }).chosen).toBeUndefined();
  });

  it("count as wishes where they are preferred", () => {
    const preferred = [{ weight: 100, expression: 'labels.tier == "silver"' }];
    const decision = decide(application({ preferred }), snapshot(clusters), detail);
    expect(decision.chosen?.name).toBe("c");
    expect(decision.candidates[0]?.parts.at(-1)).toMatchObject({
      name: 'preferred: labels.tier == "silver"',
      weight: 100,
      value: 1,
    });
  });

  it("are worked out once for a cluster that stays as it is", () => {
    const many = Array.from({ length: 1_000 }, (_, index) =>
      candidate({ name: `c${index}`, labels: { n: String(index) } }),
    );
    const app = application({ more: { expressions: ["int(labels.n) > 500", 'labels.x == "y"'] } });
    const took = [1, 2].map(() => {
      const began = performance.now();
      decide(app, snapshot(many), detail);
      return performance.now() - began;
    });
    expect(took[1]).toBeLessThan(200);
  });
});
