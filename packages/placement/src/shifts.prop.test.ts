import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MetricScale } from "@octoplane/kinds/metric-scale";
import type { Candidate } from "./candidate.ts";
import { withRaw, withValue } from "./changed-candidate.ts";
import { decide } from "./decide.ts";
import { obstaclesOf } from "./obstacles.ts";
import { hintsOf, shiftsOf } from "./shifts.ts";
import { application, candidate, now, reading, snapshot } from "./testing/facts.ts";

const scale: MetricScale = { min: 0, max: 1, direction: "higher" };
const names = ["a", "b", "c"] as const;
const anyValue = fc.double({ min: 0, max: 1, noNaN: true });
/** A metric that every cluster has its own value of. */
const own = (...facts: Parameters<typeof reading>) => ({ ...reading(...facts), isOwn: true });
const anyFleet = fc.tuple(...names.map(() => fc.tuple(anyValue, anyValue))).map((values) =>
  values.map(([load, price], index) =>
    candidate({
      name: names[index]!,
      readings: [own("load", 1, load), own("price", 2, price)],
    }),
  ),
);

function shiftsIn(candidates: readonly Candidate[], on: string, stickiness = 0.1) {
  const app = application({ on, sinceMs: 10_000_000 });
  const view = snapshot(candidates, stickiness);
  const decision = decide(app, view, 64);
  const steps = shiftsOf({ app, snapshot: view, decision, scaleOf: () => scale });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return { app, view, decision, shifts: step.value };
}

describe("a change that would move an application", () => {
  it("does move it, and a noticeably smaller one does not", () => {
    fc.assert(
      fc.property(anyFleet, fc.constantFrom(...names), (candidates, on) => {
        const { app, view, decision, shifts } = shiftsIn(candidates, on);
        if (decision.outcome === "moved") return;
        for (const shift of shifts) {
          const outcome = (value: number): string | undefined => {
            const changed = candidates.map((one) => {
              const old = one.readings.find(({ name }) => name === shift.metric)!;
              return one.name === shift.cluster.name
                ? withValue(one, old, { value, raw: value })
                : one;
            });
            return decide(app, { ...view, candidates: changed }, 2).chosen?.name;
          };
          expect(outcome(shift.needed)).toBe(shift.to.name);
          const less = shift.needed - (shift.needed - shift.value) * 1e-6;
          if (Math.abs(shift.needed - shift.value) > 1e-3) expect(outcome(less)).toBe(on);
        }
      }),
    );
  });

  it("is the one that the formula of the score gives", () => {
    const fleet = [
      candidate({ name: "a", readings: [reading("load", 1, 0.5)] }),
      candidate({ name: "b", readings: [reading("load", 1, 0.4)] }),
    ];
    const { shifts } = shiftsIn(fleet, "a");
    // (0.5 + 0.1) / 1.1 is what the present cluster has with its stickiness.
    const wanted = 0.6 / 1.1;
    expect(shifts).toMatchObject([
      { to: { name: "b" }, cluster: { name: "b" }, metric: "load", value: 0.4 },
      { to: { name: "b" }, cluster: { name: "a" }, metric: "load", value: 0.5 },
    ]);
    expect(shifts[0]!.needed).toBeCloseTo(wanted, 6);
    expect(shifts[0]!.raw_needed).toBeCloseTo(wanted, 6);
    expect((shifts[1]!.needed + 0.1) / 1.1).toBeCloseTo(0.4, 6);
  });

  it("of a number that several clusters name is one of all of them at once", () => {
    // Krake's user story 3: two global metrics, which the clusters weigh the other way round.
    const cost = (weight: number) => reading("cost", weight, 0.9);
    const green = (weight: number) => reading("green", weight, 0.1);
    const fleet = [
      candidate({ name: "a", readings: [cost(10), green(1)] }),
      candidate({ name: "b", readings: [cost(1), green(10)] }),
    ];
    const { shifts } = shiftsIn(fleet, "a");
    const needed = Object.fromEntries(shifts.map((shift) => [shift.metric, shift.needed]));
    // (c + 1) / 11 = (10 c + 0.2) / 11.1, and (0.9 + 10 g) / 11 = (9.1 + g) / 11.1.
    expect(needed["cost"]).toBeCloseTo((11.1 - 2.2) / (110 - 11.1), 6);
    expect(needed["green"]).toBeCloseTo((100.1 - 9.99) / (111 - 11), 6);
  });
});

describe("what is in the way", () => {
  it("is told with the nearest cluster first, and with the number that a metric would need", () => {
    const fleet = [
      candidate({ name: "a", labels: { zone: "y" }, readings: [reading("load", 1, 0.9)] }),
      candidate({ name: "b", labels: { zone: "x" }, readings: [reading("load", 1, 0.8)] }),
    ];
    const app = application({ labels: ["zone is x"], metrics: ["load <= 0.5"] });
    const view = snapshot(fleet);
    const obstacles = obstaclesOf(app, decide(app, view, 64), fleet);
    expect(obstacles).toMatchObject([
      {
        cluster: { name: "b" },
        alone: "metrics",
        needs: [{ metric: "load", value: 0.8, needed: "<= 0.5" }],
      },
      { cluster: { name: "a" }, alone: null, needs: [{ filter: "labels" }, { filter: "metrics" }] },
    ]);
    const near = withRaw(fleet[1]!, fleet[1]!.readings[0]!, { raw: 0.5, scale });
    expect(decide(app, snapshot([near]), 64).chosen?.name).toBe("b");
  });

  it("of a range is the side that fails, and of a metric without a value both", () => {
    const obstacle = (metrics: readonly string[], value: number | undefined) => {
      const readings = value === undefined ? [] : [reading("load", 1, value)];
      const fleet = [candidate({ name: "a", readings })];
      const app = application({ metrics });
      return obstaclesOf(app, decide(app, snapshot(fleet), 64), fleet)[0]?.needs[0]?.needed;
    };
    expect(obstacle(["0.2 < load <= 0.5"], 0.7)).toBe("<= 0.5");
    expect(obstacle(["0.2 < load <= 0.5"], 0.1)).toBe("> 0.2");
    expect(obstacle(["0.2 < load <= 0.5"], undefined)).toBe("> 0.2 and <= 0.5");
  });
});

describe("hints", () => {
  const fleet = [
    candidate({ name: "a", readings: [reading("load", 1, 0.1)] }),
    candidate({ name: "b", readings: [reading("load", 1, 0.9)] }),
  ];
  const hints = (facts: Parameters<typeof application>[0]) => {
    const app = application({ on: "a", ...facts });
    const view = snapshot(fleet);
    const decision = decide(app, view, 64);
    return hintsOf({ app, snapshot: view, decision, scaleOf: () => scale });
  };

  it("say what comes when the time is over, and what a switch holds back", () => {
    const at = new Date(now + 60_000).toISOString();
    expect(hints({ sinceMs: 0 })).toEqual([
      { code: "Later", message: `it moves to b at ${at}, unless something changes until then` },
    ]);
    expect(hints({ migration: false })).toEqual([
      { code: "Migration", message: "it moves to b if it were allowed to migrate" },
    ]);
    expect(hints({ on: "b" })).toEqual([]);
  });
});
