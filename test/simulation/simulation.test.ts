import { beforeAll, describe, expect, it } from "vitest";
import { compare, findings, type Comparison } from "./compare.ts";
import { simulate } from "./simulate.ts";
import { tableOf } from "./table.ts";

/**
 * A day of a fleet whose metrics tremble, whose providers fail and whose clusters die. Many seeds and larger fleets:
 * `node test/simulation/main.ts --seed 1 --seeds 30`.
 */
const world = {
  seed: 7,
  days: 1,
  stepSeconds: 60,
  clusters: 12,
  applications: 40,
  checksWaking: false,
};

describe("a simulated day", () => {
  let runs: Comparison;
  beforeAll(() => {
    runs = compare(world);
    if (process.env["OCTOPLANE_SIMULATION"] !== undefined) process.stdout.write(tableOf(runs));
  });

  it("breaks no promise: no budget, dwell, quiet hour, brake or capacity, and nobody waits for what is there", () => {
    expect(findings(runs)).toEqual([]);
  });

  it("has something to tell of: moves of every sort, an outage with its brake, and what came after", () => {
    const { calm } = runs;
    expect(calm.placements).toBeGreaterThanOrEqual(world.applications * 0.9);
    expect(Object.keys(calm.byReason)).toContain("CurrentNoLongerFits");
    expect(calm.byReason["Best"]).toBeGreaterThan(20);
    expect(calm.brakes).toHaveLength(1);
    expect(calm.afterBrake[0]).toBeGreaterThan(0);
    expect(calm.downMinutes).toBeGreaterThan(0);
  });

  it("is calm: policies with a minimum gain and a dwell save many moves and cost little", () => {
    const { calm, restless } = runs;
    expect(calm.movesOfPolicies).toBeLessThan(restless.movesOfPolicies * 0.75);
    expect(calm.regretOfPolicies).toBeLessThan(restless.regretOfPolicies + 0.04);
    expect(calm.regret).toBeLessThan(0.1);
  });

  it("keeps almost every application served, although clusters die under it", () => {
    const asked = world.applications * 24 * 60;
    expect(runs.calm.downMinutes).toBeLessThan(asked * 0.005);
  });

  it("is the same to the bit for the same seed, and another one for another", () => {
    const part = { ...world, days: 0.1, applications: 30, isCalm: true, isSelective: true };
    const first = simulate(part);
    expect(simulate(part)).toEqual(first);
    expect(simulate({ ...part, seed: 8 }).trace).not.toBe(first.trace);
  });
});

describe("who is woken", () => {
  it("is everybody whom a change concerns: who is decided on unasked stays, or is woken a step later", () => {
    const part = { ...world, days: 0.25, applications: 40, isCalm: true, isSelective: true };
    const { broken, late, decisions } = simulate({ ...part, checksWaking: true });
    expect(broken).toEqual([]);
    expect(late).toBeLessThan(5);
    const everybody = simulate({ ...part, isSelective: false });
    expect(decisions).toBeLessThan(everybody.decisions / 2);
  });
});
