import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { coolsUntil, failedMovesAfter } from "./failed-move.ts";
import { calm, policy } from "./testing/calm-facts.ts";
import {
  application,
  candidate,
  detail,
  failing,
  now,
  reading,
  snapshot,
  timeAgo,
  type AppFacts,
} from "./testing/facts.ts";

const three = [
  candidate({ name: "a", readings: [reading("m", 1, 0.2)] }),
  candidate({ name: "b", readings: [reading("m", 1, 0.9)] }),
  candidate({ name: "c", readings: [reading("m", 1, 0.6)] }),
];
const minute = 60_000;

function decided(facts: AppFacts, fleet = three) {
  const { outcome, chosen, reason, held_until } = decide(
    application(facts),
    { ...snapshot(fleet), calm: calm() },
    detail,
  );
  return { outcome, chosen: chosen?.name, code: reason.code, held_until };
}

describe("a move that is under way", () => {
  const moving = (agoMs: number, more: AppFacts = {}): AppFacts => ({
    on: "b",
    runsOn: "a",
    sinceMs: agoMs,
    moves: [{ agoMs, from: "a", to: "b" }],
    ...more,
  });

  it("is waited for, and nothing better moves it meanwhile", () => {
    const better = [...three, candidate({ name: "d", readings: [reading("m", 1, 1)] })];
    expect(decided(moving(5 * minute), better)).toEqual({
      outcome: "stayed",
      chosen: "b",
      code: "Migrating",
      held_until: timeAgo(-5 * minute),
    });
  });

  it("is waited for also where the metrics of its cluster cannot be read", () => {
    const blind = candidate({ name: "b", readings: [failing("m")] });
    expect(decided(moving(minute), [three[0]!, blind, three[2]!])).toMatchObject({
      code: "Migrating",
      held_until: timeAgo(-9 * minute),
    });
  });

  it("goes back to where it still runs when it is not healthy in time", () => {
    expect(decided(moving(10 * minute))).toMatchObject({
      outcome: "moved",
      chosen: "a",
      code: "MigrationFailed",
    });
  });

  it("goes back a minute after the new cluster refused it", () => {
    const refused = (agoMs: number): AppFacts =>
      moving(5 * minute, { applied: { status: "False", agoMs } });
    expect(decided(refused(minute - 1)).code).toBe("Migrating");
    expect(decided(refused(minute)).code).toBe("MigrationFailed");
    // What was refused before the move says nothing of the new cluster.
    const before = moving(minute - 1, { applied: { status: "False", agoMs: 60 * minute } });
    expect(decided(before).code).toBe("Migrating");
  });

  it("tries the next best when there is no way back, and stays when there is none", () => {
    const lost = three.map((one) => (one.name === "a" ? { ...one, state: "OFFLINE" } : one));
    expect(decided(moving(10 * minute), lost)).toMatchObject({
      chosen: "c",
      code: "MigrationFailed",
    });
    expect(decided(moving(10 * minute), [lost[0]!, three[1]!])).toMatchObject({
      outcome: "stayed",
      chosen: "b",
    });
  });

  it("that somebody asked for by hand is never given up", () => {
    expect(decided({ ...moving(60 * minute), moves: [] }).outcome).toBe("stayed");
  });
});

describe("a cluster on which it failed", () => {
  const failed = (agoMs: number, count = 1, generation = 3) => [
    { cluster: "b", time: timeAgo(agoMs), count, generation },
  ];

  it("is left alone for the cool-down: the next best is chosen, or it stays", () => {
    const facts = { on: "a", sinceMs: 60 * minute, failedMoves: failed(minute) };
    expect(decided(facts)).toMatchObject({ outcome: "moved", chosen: "c" });
    expect(decided(facts, three.slice(0, 2))).toEqual({
      outcome: "stayed",
      chosen: "a",
      code: "CoolingDown",
      held_until: timeAgo(-4 * minute),
    });
    expect(decided({ ...facts, failedMoves: failed(5 * minute) }).chosen).toBe("b");
  });

  it("is looked at again when that is over, also while the next best is held for another reason", () => {
    const fleet = [
      three[0]!,
      three[1]!,
      candidate({ name: "c", readings: [reading("m", 1, 0.3)] }),
    ];
    const facts = { on: "a", sinceMs: 60 * minute, failedMoves: failed(minute) };
    const held = decide(
      application({ ...facts, placement: { policy: "p" } }),
      { ...snapshot(fleet), calm: calm(), placement: policy({ minimum_gain: 0.2 }) },
      detail,
    );
    expect(held.reason.code).toBe("GainTooSmall");
    expect(held.held_until).toBe(timeAgo(-4 * minute));
  });

  it("is looked at again when the first of several is warm", () => {
    const two = [
      ...failed(minute),
      { cluster: "c", time: timeAgo(4 * minute), count: 1, generation: 3 },
    ];
    expect(decided({ on: "a", sinceMs: 60 * minute, failedMoves: two })).toMatchObject({
      code: "CoolingDown",
      held_until: timeAgo(-minute),
    });
  });

  it("is better than none at all", () => {
    expect(decided({ failedMoves: failed(minute) }, [three[1]!])).toMatchObject({
      outcome: "placed",
      chosen: "b",
    });
  });

  it("is tried at once with a new specification", () => {
    expect(decided({ failedMoves: failed(minute, 5, 2) }).chosen).toBe("b");
  });

  it("is left alone twice as long each time, for a day at most", () => {
    const until = (count: number, cooldown?: number): number =>
      coolsUntil(
        application({ failedMoves: failed(0, count) }),
        "b",
        cooldown === undefined ? undefined : { objectives: [], cooldown },
      ) - now;
    expect([1, 2, 3, 9, 20, 5_000].map((count) => until(count) / minute)).toEqual([
      5, 10, 20, 1_280, 1_440, 1_440,
    ]);
    expect([until(3, 10), until(3, 0)]).toEqual([40_000, 0]);
  });

  it("is remembered by count, with a bound, and forgotten when it was healthy there", () => {
    const time = timeAgo(0);
    const once = application({ failedMoves: failed(minute, 2) });
    expect(failedMovesAfter(once, { cluster: "b", time })).toEqual(failed(0, 3));
    expect(failedMovesAfter(once, { cluster: "b" })).toEqual([]);
    const stale = application({ failedMoves: failed(minute, 4, 2) });
    expect(failedMovesAfter(stale, { cluster: "b", time })).toEqual(failed(0, 1));
    const many = Array.from({ length: 20 }, (_, index) => ({
      ...failed(minute)[0]!,
      cluster: `c${index}`,
    }));
    const after = failedMovesAfter(application({ failedMoves: many }), { cluster: "b", time });
    expect([after.length, after.at(-1)?.cluster]).toEqual([8, "b"]);
  });
});
