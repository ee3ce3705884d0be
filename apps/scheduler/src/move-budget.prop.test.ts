import fc from "fast-check";
import { expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Move } from "@octoplane/kinds/placement-choice";
import { decide } from "@octoplane/placement/decide";
import { application, candidate, reading } from "@octoplane/placement/testing/facts";
import { MoveBook, type MovesPerHour } from "./move-book.ts";
import { movesOf, statusAfter } from "./record-decision.ts";

const hour = 3_600_000;
const begin = Date.parse("2024-06-01T12:00:00Z");

/** What happens at one moment: values of the three clusters, and of whose commits which fail, and whether all is restarted. */
const anyStep = fc.record({
  afterMs: fc.constantFrom(1, 60_000, 1_200_000, hour),
  values: fc.tuple(...Array.from({ length: 3 }, () => fc.constantFrom(0, 0.5, 1))),
  failing: fc.constantFrom("none", "odd", "all"),
  restart: fc.boolean(),
  gone: fc.constantFrom(undefined, undefined, undefined, 0),
});
const anyLimits: fc.Arbitrary<MovesPerHour> = fc.record({
  application: fc.integer({ min: 0, max: 3 }),
  cluster: fc.integer({ min: 1, max: 6 }),
  fleet: fc.integer({ min: 1, max: 8 }),
});

it("no budget is exceeded in any hour, whatever the metrics do, commits fail, and however often it is restarted", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 14 }), anyLimits, (steps, limits) => {
      const made = run(steps, limits);
      for (const { time } of made) {
        const since = Date.parse(time) - hour;
        const within = made.filter((move) => {
          const at = Date.parse(move.time);
          return at <= since + hour && at > since;
        });
        const metric = within.filter(({ isForced }) => !isForced);
        if (metric.length === 0) continue;
        const most = (of: (move: Made) => string): number =>
          Math.max(...[...Map.groupBy(metric, of).values()].map((list) => list.length));
        expect(metric.length).toBeLessThanOrEqual(limits.fleet);
        expect(most(({ from }) => from)).toBeLessThanOrEqual(limits.cluster);
        expect(most(({ to }) => to)).toBeLessThanOrEqual(limits.cluster);
        expect(most(({ name }) => name)).toBeLessThanOrEqual(limits.application);
      }
    }),
  );
});

interface Made extends Move {
  readonly name: string;
  readonly isForced: boolean;
}

/** Every application is decided on at every step, all of them before anything is committed, as it is in the worst case. */
function run(
  steps: readonly {
    readonly afterMs: number;
    readonly values: readonly number[];
    readonly failing: string;
    readonly restart: boolean;
    readonly gone: number | undefined;
  }[],
  limits: MovesPerHour,
): readonly Made[] {
  const apps = new Map<string, Application>();
  for (let index = 0; index < 12; index += 1) {
    apps.set(`n/a${index}`, application({ on: `c${index % 3}`, sinceMs: hour }));
  }
  const made: Made[] = [];
  let book = new MoveBook(limits);
  let now = begin;
  for (const { afterMs, values, failing, restart, gone } of steps) {
    now += afterMs;
    if (restart) {
      book = new MoveBook(limits);
      for (const [key, app] of apps) book.put(key, app, now);
    }
    const candidates = values.map((value, index) =>
      candidate({
        name: `c${index}`,
        readings: [reading("m", 1, value)],
        state: index === gone ? "OFFLINE" : "ONLINE",
      }),
    );
    const commits: (() => void)[] = [];
    for (const [index, [key, app]] of [...apps].entries()) {
      const calm = { ...book.factsOf("n", now), brake: null, migrationTimeoutMs: hour };
      const snapshot = { now, candidates, stickiness: 0, rescheduleAfterMs: 0, calm };
      const decision = decide(app, snapshot, 8);
      const [move] = movesOf(decision);
      if (move === undefined) continue;
      book.reserve(key, move);
      const isForced = decision.reason.code !== "Best";
      commits.push(() => {
        if (failing === "all" || (failing === "odd" && index % 2 === 1)) {
          return book.giveBack(key, move);
        }
        const next = { ...app, status: statusAfter(app, decision)! };
        apps.set(key, next);
        book.put(key, next, now);
        made.push({ ...move, name: key, isForced });
      });
    }
    for (const commit of commits) commit();
  }
  return made;
}
