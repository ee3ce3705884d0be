import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { preferredScore, preparePreferences } from "./preferences.ts";
import { scoreOf } from "./score.ts";
import { application, candidate, detail, reading, snapshot } from "./testing/facts.ts";

const anyCandidate = fc
  .record({
    zone: fc.constantFrom("x", "y", undefined),
    load: fc.constantFrom(undefined, 0, 0.25, 1),
    weight: fc.constantFrom(0, 0.5, 10),
    state: fc.constantFrom("ONLINE", "ONLINE", "OFFLINE"),
  })
  .map(({ zone, load, weight, state }) => ({
    state,
    labels: zone === undefined ? {} : { zone },
    readings: load === undefined ? [] : [reading("load", weight, load)],
  }));
const anyCandidates = fc
  .array(anyCandidate, { maxLength: 5 })
  .map((all) => all.map((facts, index) => candidate({ ...facts, name: `c${index}` })));
const anyPreferred = fc.array(
  fc.oneof(
    fc.record({
      weight: fc.integer({ min: 1, max: 100 }),
      labels: fc.constantFrom("zone is x", "zone", "!zone", "this ( does not parse"),
    }),
    fc.record({
      weight: fc.integer({ min: 1, max: 100 }),
      metrics: fc.constantFrom("load < 0.5", "other > 1"),
    }),
  ),
  { maxLength: 4 },
);

describe("preferences", () => {
  it("never exclude a cluster, and find a place for just those that have one without them", () => {
    fc.assert(
      fc.property(anyCandidates, anyPreferred, (candidates, preferred) => {
        const without = decide(application(), snapshot(candidates), detail);
        const wishing = decide(application({ preferred }), snapshot(candidates), detail);
        expect(wishing.candidates_fitting).toBe(without.candidates_fitting);
        expect(wishing.outcome).toBe(without.outcome);
      }),
    );
  });

  it("leave every score as it is when there are none", () => {
    fc.assert(
      fc.property(anyCandidates, fc.constantFrom(0, 0.1), (candidates, stickiness) => {
        for (const one of candidates) {
          expect(preferredScore(one, stickiness, [])).toBe(scoreOf(one, stickiness));
        }
      }),
    );
  });

  it("make the score what its parts say, for clusters with metrics and without", () => {
    fc.assert(
      fc.property(anyCandidates, anyPreferred, (candidates, preferred) => {
        fc.pre(preferred.length > 0);
        const app = application({ on: "c0", preferred });
        for (const row of decide(app, snapshot(candidates), detail).candidates) {
          if (row.score === null) continue;
          const weight = row.parts.reduce((sum, part) => sum + part.weight, 0);
          const weighted = row.parts.reduce(
            (sum, part) => sum + part.weight * (part.value ?? NaN),
            0,
          );
          expect(row.score).toBeCloseTo(weighted / weight, 12);
          expect(row.parts.filter(({ name }) => name.startsWith("preferred: "))).toHaveLength(
            preferred.length,
          );
        }
      }),
    );
  });

  it("raise the score of those that fulfil one, and of no others", () => {
    fc.assert(
      fc.property(anyCandidates, fc.integer({ min: 1, max: 100 }), (candidates, weight) => {
        const wishes = preparePreferences(
          application({ preferred: [{ weight, labels: "zone is x" }] }),
          snapshot(candidates),
        );
        for (const one of candidates) {
          const [before, after] = [scoreOf(one, 0), preferredScore(one, 0, wishes)];
          if (one.labels["zone"] === "x") expect(after).toBeGreaterThanOrEqual(before);
          else expect(after).toBeLessThanOrEqual(before);
        }
      }),
    );
  });

  it("decide between clusters that are equal otherwise, and stand in the record", () => {
    const two = [
      candidate({ name: "a", labels: { zone: "y" }, readings: [reading("load", 1, 0.5)] }),
      candidate({ name: "b", labels: { zone: "x" }, readings: [reading("load", 1, 0.5)] }),
    ];
    const preferred = [
      { weight: 3, labels: "zone is x" },
      { weight: 1, metrics: "load < 0.2" },
    ];
    const decision = decide(application({ preferred }), snapshot(two), detail);
    expect(decision.chosen?.name).toBe("b");
    expect(decision.candidates[0]).toMatchObject({
      score: (0.5 + 3) / 5,
      parts: [
        { name: "load", weight: 1, value: 0.5 },
        { name: "preferred: zone is x", weight: 3, value: 1, raw: null },
        { name: "preferred: load < 0.2", weight: 1, value: 0, raw: 0.5 },
      ],
    });
    expect(decision.margin).toBeCloseTo(0.6, 12);
  });

  it("weigh as metrics do: a heavy metric outweighs a light wish", () => {
    const two = [
      candidate({ name: "a", labels: { zone: "x" }, readings: [reading("price", 10, 0.1)] }),
      candidate({ name: "b", readings: [reading("price", 10, 0.9)] }),
    ];
    const chosen = (weight: number) => {
      const app = application({ preferred: [{ weight, labels: "zone is x" }] });
      return decide(app, snapshot(two), detail).chosen?.name;
    };
    expect([chosen(1), chosen(50)]).toEqual(["b", "a"]);
  });
});
