import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Move } from "@octoplane/kinds/placement-choice";
import { MoveBook } from "./move-book.ts";
import { RollingCount } from "./rolling-count.ts";

const now = Date.parse("2024-06-01T12:00:00Z");
const hour = 3_600_000;
const most = { application: 60, cluster: 2, fleet: 3 };
const move = (agoMs: number, from = "a", to = "b"): Move => ({
  time: new Date(now - agoMs).toISOString(),
  from,
  to,
});
const app = (...moves: readonly Move[]): Application =>
  ({ status: { moves } }) as unknown as Application;

describe("moves of the last hour", () => {
  it("are those that stand in the status of applications: what was before a restart counts", () => {
    const book = new MoveBook(most);
    book.put("n/x", app(move(30 * 60_000), move(60_000)), now);
    book.put("n/y", app(move(2 * hour), move(1_000, "c", "d")), now);
    expect(book.total(now)).toBe(3);
    expect(book.factsOf("n", now)).toEqual({
      movesPerHour: 60,
      fleetFullUntil: now + 30 * 60_000,
      leavingFullUntil: { a: now + 30 * 60_000 },
      arrivingFullUntil: { b: now + 30 * 60_000 },
    });
    expect(book.factsOf("other", now)).toMatchObject({ leavingFullUntil: {} });
    const later = now + 30 * 60_000;
    expect(book.factsOf("n", later)).toMatchObject({ fleetFullUntil: null, leavingFullUntil: {} });
  });

  it("count once, whether they were reserved first, seen often, or belong to an application that has gone", () => {
    const book = new MoveBook(most);
    const one = move(0);
    book.reserve("n/x", one);
    book.reserve("n/x", one);
    book.put("n/x", app(one), now);
    book.put("n/x", app(one), now);
    expect(book.total(now)).toBe(1);
    // It is written: it cannot be given back any more.
    book.giveBack("n/x", one);
    book.forget("n/x");
    expect(book.total(now)).toBe(1);
  });

  it("that were reserved and not written are given back", () => {
    const book = new MoveBook(most);
    const all = [0, 1, 2].map((index) => ["n/x" + index, move(index)] as const);
    for (const [key, one] of all) book.reserve(key, one);
    expect(book.factsOf("n", now).fleetFullUntil).not.toBeNull();
    for (const [key, one] of all) book.giveBack(key, one);
    for (const [key, one] of all) book.giveBack(key, one);
    expect([book.total(now), book.factsOf("n", now).fleetFullUntil]).toEqual([0, null]);
  });
});

it("a rolling count is that of the moments in its span, in whatever order they come", () => {
  const times = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 40 });
  fc.assert(
    fc.property(
      times,
      fc.integer({ min: 200, max: 400 }),
      fc.integer({ min: 1, max: 9 }),
      (all, at, top) => {
        const count = new RollingCount(100);
        const newest = Math.max(0, ...all);
        for (const time of all) count.add(time);
        const within = all.filter((time) => time > at - 100).toSorted((a, b) => a - b);
        fc.pre(newest <= at);
        expect(count.count(at)).toBe(within.length);
        const until = count.fullUntil(top, at);
        if (within.length < top) expect(until).toBeUndefined();
        else {
          const left = (moment: number): number =>
            within.filter((time) => time > moment - 100).length;
          expect(left(until!)).toBeLessThan(top);
          expect(left(until! - 1)).toBeGreaterThanOrEqual(top);
        }
      },
    ),
  );
});
