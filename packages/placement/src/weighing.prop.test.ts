import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import type { Candidate, MetricReading } from "./candidate.ts";
import { decide } from "./decide.ts";
import { policy } from "./testing/calm-facts.ts";
import { application, candidate, detail, reading, snapshot } from "./testing/facts.ts";
import type { PlacementFacts } from "./weighing.ts";

const all = { cost: "exclude", green: "exclude", load: "exclude" } as const;
const named = { placement: { policy: "p" } };

function clusters(): readonly Candidate[] {
  return [
    candidate({
      name: "a",
      readings: [reading("cost", 10, 0.9), reading("green", 1, 0.1), reading("load", 1, 0.5)],
    }),
    candidate({
      name: "b",
      readings: [reading("cost", 10, 0.1), reading("green", 1, 0.9), reading("load", 1, 0.5)],
    }),
  ];
}

function decided(facts: object, placement: PlacementFacts, candidates = clusters()) {
  return decide(application(facts), { ...snapshot(candidates), placement }, detail);
}

describe("the weights that count", () => {
  it("are the policy's, in Krake's formula, and no others", () => {
    const objectives = [
      { metric: "cost", weight: 1 },
      { metric: "green", weight: 4 },
    ];
    const decision = decided(named, policy({ objectives }, all));
    expect(decision.chosen?.name).toBe("b");
    expect(decision.candidates[0]).toMatchObject({
      score: (0.1 + 4 * 0.9) / 5,
      parts: [
        { name: "cost", weight: 1, value: 0.1, raw: 0.1 },
        { name: "green", weight: 4, value: 0.9 },
      ],
    });
    expect(decision.policy).toEqual({
      name: "p",
      namespaced: true,
      weights: { cost: 1, green: 4 },
      problem: null,
    });
  });

  it("are the application's before the policy's, and before the clusters' without a policy", () => {
    const objectives = [{ metric: "cost", weight: 5 }];
    const own = { placement: { policy: "p", weights: { cost: 1, load: 3 } } };
    expect(decided(own, policy({ objectives }, all)).policy?.weights).toEqual({ cost: 1, load: 3 });
    const alone = { placement: { weights: { green: 2 } } };
    const decision = decided(alone, { rules: { green: { whenStale: "exclude" } } });
    expect([decision.chosen?.name, decision.candidates[0]?.score]).toEqual(["b", 0.9]);
    expect(decision.policy).toEqual({
      name: null,
      namespaced: null,
      weights: { green: 2 },
      problem: null,
    });
  });

  it("are the clusters' when the policy is missing, or all that it names, and the decision says so", () => {
    const plain = decide(application(), snapshot(clusters()), detail);
    const { policy: told, ...rest } = decided(named, { policy: null, rules: {} });
    expect(rest).toEqual(plain);
    expect(told?.problem).toEqual({
      code: "PolicyMissing",
      message: "there is no placement policy p, neither in the namespace nor a global one",
    });
    const nothing = policy({ objectives: [{ metric: "none", weight: 1 }] });
    const { policy: unknown, ...same } = decided(named, nothing);
    expect(same).toEqual(plain);
    expect([unknown?.weights, unknown?.problem?.code]).toEqual([{}, "MetricMissing"]);
  });

  it("leave out a metric that does not exist, and keep the others", () => {
    const objectives = [
      { metric: "none", weight: 9 },
      { metric: "green", weight: 1 },
    ];
    const { chosen, policy: told } = decided(named, policy({ objectives }, { green: "exclude" }));
    expect([chosen?.name, told?.weights, told?.problem?.code]).toEqual([
      "b",
      { green: 1 },
      "MetricMissing",
    ]);
  });
});

describe("a cluster without a value for a metric that counts", () => {
  const objectives = [{ metric: "green", weight: 1 }];
  const three = (): readonly Candidate[] => [
    candidate({ name: "a" }),
    candidate({ name: "b", readings: [reading("green", 1, 0.3)] }),
  ];

  it("comes after all that have one, and its part says why", () => {
    const decision = decided(named, policy({ objectives }, { green: "exclude" }), three());
    expect(decision.chosen?.name).toBe("b");
    expect(decision.candidates[1]).toMatchObject({
      cluster: { name: "a" },
      score: 0,
      parts: [
        {
          name: "green",
          value: null,
          problem: "the cluster names no metric green; others come first",
        },
      ],
    });
  });

  it("counts with the middle of the range when the metric says neutral", () => {
    const decision = decided(named, policy({ objectives }, { green: "neutral" }), three());
    expect(decision.chosen?.name).toBe("a");
    expect(decision.candidates[0]).toMatchObject({
      score: 0.5,
      parts: [{ name: "green", value: 0.5, raw: null }],
    });
  });
});

describe("a metric that counts as another", () => {
  it("is found by that name, after one that is called so, and only in the scope that is asked for", () => {
    const stand = (name: string, value: number, more: object = {}): MetricReading => ({
      ...reading(name, 1, value),
      countsAs: "price",
      ...more,
    });
    const pair = [
      candidate({ name: "a", readings: [stand("price_a", 0.2)] }),
      candidate({
        name: "b",
        readings: [stand("price_b", 0.1), stand("price", 0.9, { namespaced: true })],
      }),
    ];
    const chosen = (namespaced?: boolean): string | undefined => {
      const objective = { metric: "price", weight: 1 };
      const objectives = [namespaced === undefined ? objective : { ...objective, namespaced }];
      return decided(named, policy({ objectives }, { price: "exclude" }), pair).chosen?.name;
    };
    expect([chosen(), chosen(true), chosen(false)]).toEqual(["b", "b", "a"]);
  });
});

describe("properties", () => {
  const weight = fc.double({ min: 0.001, max: 1_000_000, noNaN: true });
  const value = fc.double({ min: 0, max: 1, noNaN: true });
  const anyReadings = fc
    .dictionary(fc.constantFrom("cost", "green", "load"), value)
    .map((values) => Object.entries(values).map(([name, one]) => reading(name, 1, one)));
  const anyCandidates = fc
    .array(anyReadings, { maxLength: 5 })
    .map((lists) => lists.map((readings, index) => candidate({ name: `c${index}`, readings })));
  const objectives: fc.Arbitrary<PolicySpec["objectives"]> = fc.uniqueArray(
    fc.record({ metric: fc.constantFrom("cost", "green", "load", "none"), weight }),
    { selector: ({ metric }) => metric },
  );
  const rule = fc.constantFrom("keep", "neutral", "exclude");
  const rules = fc.record({ cost: rule, green: rule, load: rule });

  it("the score is what its parts say, whatever the weights", () => {
    fc.assert(
      fc.property(anyCandidates, objectives, rules, (candidates, wanted, known) => {
        fc.pre(wanted.some(({ metric }) => metric !== "none"));
        for (const row of decided(named, policy({ objectives: wanted }, known), candidates)
          .candidates) {
          const values = row.parts.map((part) => part.value);
          if (values.includes(null)) {
            expect(row.score).toBe(0);
            continue;
          }
          const sum = row.parts.reduce((total, part) => total + part.weight, 0);
          const weighted = row.parts.reduce((total, part) => total + part.weight * part.value!, 0);
          expect(row.score).toBeCloseTo(weighted / sum, 9);
        }
      }),
    );
  });

  it("no decision depends on the order of objectives or clusters, and a thousandfold of all weights changes nothing", () => {
    fc.assert(
      fc.property(anyCandidates, objectives, rules, (candidates, wanted, known) => {
        const of = (some: typeof wanted, fleet: readonly Candidate[]) => {
          const { policy: _told, ...decision } = decided(
            named,
            policy({ objectives: some }, known),
            fleet,
          );
          return decision;
        };
        const decision = of(wanted, candidates);
        expect(of(wanted.toReversed(), candidates)).toEqual(decision);
        expect(of(wanted, candidates.toReversed())).toEqual(decision);
        const heavier = wanted.map((one) => ({ ...one, weight: one.weight * 1_024 }));
        expect(of(heavier, candidates).chosen).toEqual(decision.chosen);
      }),
    );
  });
});
