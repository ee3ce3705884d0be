import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { PlacementChoice } from "@octoplane/kinds/placement-choice";
import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import type { CalmFacts } from "./calm.ts";
import { decide } from "./decide.ts";
import { calm, policy } from "./testing/calm-facts.ts";
import {
  application,
  candidate,
  detail,
  intervalMs,
  now,
  reading,
  snapshot,
  type AppFacts,
} from "./testing/facts.ts";

const old = { on: "a", sinceMs: 10 * intervalMs, placement: { policy: "p" } } as const;
const [hour, iso] = [3_600_000, (ms: number) => new Date(ms).toISOString()];

function two(here: number, there: number) {
  return [
    candidate({ name: "a", readings: [reading("m", 1, here)] }),
    candidate({ name: "b", labels: { tier: "gold" }, readings: [reading("m", 1, there)] }),
  ];
}

function decided(
  facts: AppFacts,
  spec: Partial<PolicySpec>,
  more: { readonly calm?: Partial<CalmFacts>; readonly values?: readonly [number, number] } = {},
) {
  const { outcome, reason, held_until } = decide(
    application({ ...old, ...facts }),
    {
      ...snapshot(two(...(more.values ?? [0.2, 0.8]))),
      calm: calm(more.calm),
      placement: policy(spec),
    },
    detail,
  );
  return { outcome, code: reason.code, held_until, message: reason.message };
}

describe("a move for metrics", () => {
  it("is made when nothing holds it", () => {
    expect(decided({}, {})).toMatchObject({ outcome: "moved", code: "Best", held_until: null });
  });

  it("must bring the least gain, stickiness counted in", () => {
    // (0.2 + 0.1) / 1.1 to 0.8: a gain of 0.527.
    expect(decided({}, { minimum_gain: 0.6 })).toMatchObject({
      outcome: "stayed",
      code: "GainTooSmall",
      message: "b scores higher by 0.5273, and a move has to bring 0.6",
    });
    expect(decided({}, { minimum_gain: 0.5 }).outcome).toBe("moved");
    expect(decided({}, { minimum_gain: 0.5, stickiness: 1 }).code).toBe("GainTooSmall");
  });

  it("waits for the policy's dwell, unless the application has an interval of its own", () => {
    const dwell = 20 * (intervalMs / 1_000);
    expect(decided({}, { dwell })).toMatchObject({
      code: "MovedRecently",
      held_until: iso(now + 10 * intervalMs),
    });
    expect(decided({ rescheduleAfter: 0 }, { dwell }).outcome).toBe("moved");
    expect(decided({ sinceMs: 1 }, { dwell: 0 }).outcome).toBe("moved");
  });

  it("waits for the end of quiet hours", () => {
    // It is noon in UTC.
    const quiet_hours: PolicySpec["quiet_hours"] = [
      { days: ["sat"], from: "13:00", to: "15:00", timezone: "Europe/Berlin" },
    ];
    expect(decided({}, { quiet_hours })).toMatchObject({
      code: "QuietHours",
      held_until: "2024-06-01T13:00:00.000Z",
    });
  });

  it("waits for the budget of its application, which its policy may set", () => {
    const moves = [50, 40, 5].map((minutes) => ({ agoMs: minutes * 60_000, from: "b", to: "a" }));
    expect(decided({ moves }, {}, { calm: { movesPerHour: 3 } })).toMatchObject({
      code: "BudgetSpent",
      held_until: iso(now - 50 * 60_000 + hour),
    });
    expect(decided({ moves }, {}, { calm: { movesPerHour: 4 } }).outcome).toBe("moved");
    const budget = { moves: 1, per: 600 };
    expect(decided({ moves }, { budget })).toMatchObject({
      code: "BudgetSpent",
      held_until: iso(now - 5 * 60_000 + 600_000),
    });
    expect(decided({ moves }, { budget: { moves: 0, per: 1 } })).toMatchObject({
      code: "BudgetSpent",
      held_until: null,
    });
  });

  it("waits for the budgets of both clusters and of all", () => {
    const until = now + 5;
    for (const full of [{ leavingFullUntil: { a: until } }, { arrivingFullUntil: { b: until } }]) {
      expect(decided({}, {}, { calm: full })).toMatchObject({
        code: "ClusterBudgetSpent",
        held_until: iso(until),
      });
    }
    expect(decided({}, {}, { calm: { fleetFullUntil: until } }).code).toBe("FleetBudgetSpent");
    const others = { leavingFullUntil: { b: until }, arrivingFullUntil: { a: until } };
    expect(decided({}, {}, { calm: others }).outcome).toBe("moved");
  });

  it("that is forced waits for none of these", () => {
    const quiet_hours: PolicySpec["quiet_hours"] = [
      { days: ["sat"], from: "00:00", to: "00:00", timezone: "UTC" },
    ];
    const spec = { minimum_gain: 1, dwell: 86_400, quiet_hours, budget: { moves: 0, per: 60 } };
    const full = { fleetFullUntil: now + 1, leavingFullUntil: { a: now + 1 } };
    const labels = ["tier is gold"];
    const forced = decided({ labels, sinceMs: 0 }, spec, { calm: full });
    expect(forced).toMatchObject({ outcome: "moved", code: "CurrentNoLongerFits" });
    // For metrics alone it waits for the budgets, and for nothing else.
    const metrics = ["m > 0.5"];
    expect(decided({ metrics, sinceMs: 0 }, spec, { calm: full }).code).toBe("BudgetSpent");
    const { budget: _budget, ...unbounded } = spec;
    expect(decided({ metrics, sinceMs: 0 }, unbounded).code).toBe("CurrentNoLongerFits");
  });
});

describe("properties", () => {
  const value = fc.double({ min: 0, max: 1, noNaN: true });
  const anyPolicy = fc.record(
    {
      minimum_gain: fc.double({ min: 0, max: 1, noNaN: true }),
      dwell: fc.integer({ min: 0, max: 600 }),
      stickiness: fc.double({ min: 0, max: 2, noNaN: true }),
      budget: fc.record({
        moves: fc.integer({ min: 0, max: 5 }),
        per: fc.integer({ min: 1, max: 7_200 }),
      }),
    },
    { requiredKeys: [] },
  );

  it("a higher minimum gain never moves what a lower one does not", () => {
    fc.assert(
      fc.property(value, value, anyPolicy, fc.tuple(value, value), (here, there, spec, gains) => {
        const [lower, higher] = gains.toSorted((a, b) => a - b);
        const outcome = (minimum_gain: number): string =>
          decided({}, { ...spec, minimum_gain }, { values: [here, there] }).outcome;
        if (outcome(higher!) === "moved") expect(outcome(lower!)).toBe("moved");
      }),
    );
  });

  it("over noisy metrics a higher gain makes no more moves between two clusters", () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fc.tuple(value, value), (noise, gains) => {
        const [lower, higher] = gains.toSorted((a, b) => a - b);
        const moves = (minimum_gain: number): number =>
          simulate(noise, { minimum_gain, stickiness: 0, dwell: 0 }).length;
        expect(moves(higher!)).toBeLessThanOrEqual(moves(lower!));
      }),
    );
  });

  it("over noisy metrics no application moves more often than its budget allows, nor sooner than its dwell", () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 80 }), anyPolicy, (noise, spec) => {
        const moves = simulate(noise, spec);
        const { moves: most, per } = spec.budget ?? { moves: 60, per: 3_600 };
        for (const [index, time] of moves.entries()) {
          const within = moves.filter((other) => other <= time && other > time - per * 1_000);
          expect(within.length).toBeLessThanOrEqual(most);
          if (index > 0)
            expect(time - moves[index - 1]!).toBeGreaterThanOrEqual((spec.dwell ?? 60) * 1_000);
        }
      }),
    );
  });

  it("equal input gives an equal decision, also with everything that can hold it", () => {
    fc.assert(
      fc.property(value, value, anyPolicy, (here, there, spec) => {
        const all = { values: [here, there] as const };
        expect(decided({}, spec, all)).toEqual(decided({}, spec, all));
      }),
    );
  });
});

/** When one application moves, while its two clusters change their values every half minute. */
function simulate(noise: readonly number[], spec: Partial<PolicySpec>): readonly number[] {
  let app = application({ ...old, sinceMs: 86_400_000 });
  const times: number[] = [];
  for (const [index, value] of noise.entries()) {
    const at = now + index * 30_000;
    const facts = { calm: calm({ movesPerHour: 60 }), placement: policy(spec) };
    const decision = decide(app, { ...snapshot(two(1 - value, value)), ...facts, now: at }, detail);
    if (decision.outcome !== "moved") continue;
    times.push(at);
    app = movedBy(app, decision.chosen!.name, decision.time);
  }
  return times;
}

function movedBy(app: Application, to: string, time: string): Application {
  const { status } = app;
  const from = status.scheduled_to!;
  const moves = [...(status.moves ?? []), { time, from: from.name, to }];
  return {
    ...app,
    status: { ...status, scheduled: time, scheduled_to: { ...from, name: to }, moves },
  };
}

describe("a constraint on a metric that trembles", () => {
  const clusters = (here: number) => [
    candidate({ name: "a", labels: { tier: "gold" }, readings: [reading("load", 1, here)] }),
    candidate({ name: "b", labels: { tier: "gold" }, readings: [reading("load", 1, 0.1)] }),
  ];
  const moves = [10, 20, 30].map((minutes) => ({ agoMs: minutes * 60_000, from: "b", to: "a" }));
  const decided = (movesPerHour: number, facts: object = {}, copies?: object) => {
    const placement = copies === undefined ? {} : { placement: { copies } as PlacementChoice };
    const app = application({ on: "a", metrics: ["load < 0.5"], moves, ...placement, ...facts });
    return decide(app, { ...snapshot(clusters(0.9)), calm: calm({ movesPerHour }) }, detail);
  };
  const copies = { count: 1, replicas: "duplicated", divide_by: "even", weights: [] };

  it.each([
    ["one place", undefined],
    ["copies", copies],
  ])("moves an application of %s within its budget, and no more", (_what, asked) => {
    expect(decided(4, {}, asked)).toMatchObject({ outcome: "moved", chosen: { name: "b" } });
    expect(decided(3, {}, asked)).toMatchObject({
      outcome: "stayed",
      reason: { code: "BudgetSpent" },
      held_until: new Date(now + 30 * 60_000).toISOString(),
    });
  });

  it("holds nothing that has to go for another reason as well", () => {
    const drained = [
      candidate({ name: "a", drain: true, readings: [reading("load", 1, 0.9)] }),
      candidate({ name: "b", readings: [reading("load", 1, 0.1)] }),
    ];
    const app = application({ on: "a", metrics: ["load < 0.5"], moves });
    const snap = { ...snapshot(drained), calm: calm({ movesPerHour: 3 }) };
    expect(decide(app, snap, detail)).toMatchObject({ outcome: "moved", chosen: { name: "b" } });
  });
});
