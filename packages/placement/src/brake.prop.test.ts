import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { brakeOf } from "./brake.ts";
import { decide } from "./decide.ts";
import { calm, policy } from "./testing/calm-facts.ts";
import { application, candidate, detail, now, reading, snapshot } from "./testing/facts.ts";

const settings = { share: 0.3, least: 3, windowMs: 300_000, holdMs: 600_000 };
const ago = (...minutes: readonly number[]): readonly number[] =>
  minutes.map((one) => now - one * 60_000);
const braked = (vanishedAt: readonly number[], online: number, at = now) =>
  brakeOf(vanishedAt, online, { now: at, settings });

describe("the brake", () => {
  it("is put on when more than the share vanish, and at least so many, within the window", () => {
    expect(braked(ago(1, 1), 2)).toBeNull();
    expect(braked(ago(1, 1, 1), 7)).toBeNull();
    expect(braked(ago(1, 1, 1), 6)).toEqual({ until: now + 540_000, vanished: 3, of: 9 });
    expect(braked(ago(8, 4, 0), 2)).toBeNull();
    expect(braked([], 0)).toBeNull();
  });

  it("ends when they return, and after its time at the latest: then they are lost, and count no more", () => {
    const five = ago(3, 3, 3, 3, 3);
    expect(braked(five, 5)?.until).toBe(now + 420_000);
    expect(braked(five.slice(0, 2), 8)).toBeNull();
    expect(braked(five, 5, now + 419_999)).not.toBeNull();
    expect(braked(five, 5, now + 420_000)).toBeNull();
    expect(braked([...five, ...ago(-8)], 4, now + 480_000)).toBeNull();
    expect(braked([...five, ...ago(-8, -8, -8)], 2, now + 480_000)).toMatchObject({ vanished: 3 });
  });

  it("holds for no longer than its time after the last cluster that vanished, whatever happens", () => {
    const times = fc.array(fc.integer({ min: now - 3_600_000, max: now }), { maxLength: 12 });
    fc.assert(
      fc.property(times, fc.nat({ max: 20 }), (all, online) => {
        const brake = braked(all, online);
        if (brake === null) return;
        expect(brake.until).toBeGreaterThan(now);
        expect(brake.until).toBeLessThanOrEqual(Math.max(...all) + settings.holdMs);
        expect(brake.vanished).toBeGreaterThanOrEqual(settings.least);
        expect(braked(all.toReversed(), online)).toEqual(brake);
        expect(braked(all, online, brake.until + 3_600_000)).toBeNull();
      }),
    );
  });
});

describe("while the brake is on", () => {
  const brake = { until: now + 60_000, vanished: 3, of: 9 };
  const away = candidate({ name: "away", state: "OFFLINE" });
  const here = candidate({ name: "here", readings: [reading("m", 1, 1)] });
  const poor = candidate({ name: "poor", readings: [reading("m", 1, 0)] });
  const on = (place: string | null, facts: object = {}) =>
    decide(
      application({ on: place, sinceMs: 86_400_000, ...facts }),
      { ...snapshot([away, here, poor]), calm: calm({ brake }) },
      detail,
    );

  it("what runs on a cluster that is away stays there, and the decision says why and until when", () => {
    expect(on("away")).toMatchObject({
      outcome: "stayed",
      chosen: { name: "away" },
      reason: { code: "FleetBraked" },
      held_until: new Date(brake.until).toISOString(),
    });
    expect(on("away").reason.message).toMatch(/^3 of 9 clusters vanished at once/);
  });

  it("a broken constraint and a better cluster move nothing either", () => {
    expect(on("poor", { metrics: ["m > 0.5"] }).reason.code).toBe("FleetBraked");
    expect(on("poor").reason.code).toBe("FleetBraked");
    expect(on("here").reason.code).toBe("Best");
  });

  it("new applications are placed on clusters that are online", () => {
    expect(on(null)).toMatchObject({ outcome: "placed", chosen: { name: "here" } });
  });

  it("is over at its end, and then everything moves as it would have", () => {
    const late = { ...snapshot([away, here, poor]), now: brake.until, calm: calm({ brake }) };
    expect(decide(application({ on: "away" }), late, detail)).toMatchObject({
      outcome: "moved",
      reason: { code: "CurrentNoLongerFits" },
    });
  });

  it("a cluster that returns gets its applications back only for a gain that a move must bring", () => {
    const facts = (gain: number) => ({
      ...snapshot([here, poor]),
      calm: calm(),
      placement: policy({ minimum_gain: gain }),
    });
    const app = application({ on: "poor", sinceMs: 86_400_000, placement: { policy: "p" } });
    expect(decide(app, facts(0.95), detail).reason.code).toBe("GainTooSmall");
    expect(decide(app, facts(0.5), detail).outcome).toBe("moved");
  });
});
