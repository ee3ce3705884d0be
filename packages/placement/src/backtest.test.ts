import { describe, expect, it } from "vitest";
import type { Decision } from "@octoplane/kinds/decision";
import { BacktestSums, BacktestWalk, type Contender, type Moment } from "./backtest.ts";
import { decide } from "./decide.ts";
import type { Snapshot } from "./snapshot.ts";
import { application, candidate, now, reading, type AppFacts } from "./testing/facts.ts";

const hourMs = 3_600_000;

/** The fleet hour by hour: the values of `load` on a and b; one that is left out is offline. */
function moments(hours: readonly (readonly [number | undefined, number | undefined])[]): Moment[] {
  return hours.map((values, hour) => {
    const candidates = values.map((value, index) =>
      candidate({
        name: ["a", "b"][index]!,
        state: value === undefined ? "OFFLINE" : "ONLINE",
        readings: [reading("load", 1, value ?? 0)],
      }),
    );
    const at = now + hour * hourMs;
    const plain: Snapshot = { now: at, candidates, stickiness: 0, rescheduleAfterMs: 0 };
    const spec = { objectives: [{ metric: "load", weight: 1 }], minimum_gain: 0.3 };
    const policy = { name: "calm", namespaced: true, spec };
    const rules = { load: { whenStale: "exclude" as const } };
    return { plain, tried: { ...plain, placement: { policy, rules } }, until: at + hourMs };
  });
}

function backtest(of: {
  readonly hours: Parameters<typeof moments>[0];
  readonly recorded?: readonly Decision[];
  readonly isCut?: boolean;
  readonly facts?: AppFacts;
}) {
  const app = application(of.facts ?? {});
  const placement = { policy: "calm" };
  const tried = { ...app, spec: { ...app.spec, placement } };
  const { recorded = [], isCut = false } = of;
  const contender: Contender = { tried, plain: app, recorded, isCut };
  const sums = new BacktestSums();
  const walk = new BacktestWalk(contender, sums);
  for (const moment of moments(of.hours)) walk.step(moment);
  const [asked, plain, real] = sums.results();
  return { asked: asked!, plain: plain!, real: real! };
}

/** A decision that was recorded then. */
function record(
  sequence: number,
  hour: number,
  chosen: string,
  outcome: Decision["outcome"],
): Decision {
  const candidates = [candidate({ name: chosen })];
  const base = { now: now + hour * hourMs, candidates, stickiness: 0, rescheduleAfterMs: 0 };
  return { ...decide(application(), base, 2), sequence, outcome };
}

describe("a backtest", () => {
  it("counts the moves that a policy would have spared, and what that would have cost", () => {
    const hours = [
      [0.6, 0.5],
      [0.5, 0.6],
      [0.6, 0.5],
      [0.2, 0.9],
    ] as const;
    const { asked, plain } = backtest({ hours });
    // Without a policy it follows every change; the policy moves for 0.3 and more only.
    expect([asked.moves, plain.moves]).toEqual([1, 3]);
    expect(plain.mean_regret).toBe(0);
    expect(asked.mean_regret).toBeCloseTo(0.1 / 4, 10);
    expect(plain.mean_score! - asked.mean_score!).toBeCloseTo(0.1 / 4, 10);
  });

  it("measures what happened by the decisions that are kept, and what is not known as unknown", () => {
    const hours = [
      [0.6, 0.5],
      [0.6, 0.5],
      [0.6, 0.5],
    ] as const;
    const recorded = [record(4, 1, "b", "placed"), record(5, 2, "a", "moved")];
    const { real } = backtest({ hours, recorded, isCut: true });
    expect(real).toMatchObject({ moves: 1, unknown: 3_600 });
    expect(real.mean_score).toBeCloseTo((0.5 + 0.6) / 2, 10);
    expect(real.mean_regret).toBeCloseTo(0.05, 10);
  });

  it("counts the time on a cluster that did not fit, and on none", () => {
    const hours = [
      [undefined, undefined],
      [0.5, undefined],
      [undefined, 0.5],
    ] as const;
    const recorded = [record(1, 1, "a", "placed")];
    const { asked, real } = backtest({ hours, recorded });
    expect(asked).toMatchObject({ unplaced: 3_600, misplaced: 0, moves: 1 });
    expect(real).toMatchObject({ unplaced: 3_600, misplaced: 3_600, moves: 0 });
  });

  it("of nothing has no means", () => {
    const { asked } = backtest({ hours: [] });
    expect(asked).toMatchObject({ moves: 0, mean_score: null, mean_regret: null, cost: null });
  });
});
