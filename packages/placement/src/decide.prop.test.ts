import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Candidate, MetricReading } from "./candidate.ts";
import { decide } from "./decide.ts";
import { fitsAll, prepareFilters } from "./filter.ts";
import { scoreOf } from "./score.ts";
import {
  application,
  candidate,
  detail,
  failing,
  intervalMs,
  now,
  reading,
  snapshot,
  type AppFacts,
} from "./testing/facts.ts";

const names = ["a", "b", "c", "d", "e", "f"] as const;

const anyReading = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(0, 0.5, 1, 2), fc.constantFrom(0, 0.25, 0.5, 1)),
  },
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant("failing" as const) },
);

function readingsOf(
  load: readonly [number, number] | "failing" | undefined,
): readonly MetricReading[] {
  if (load === undefined) return [];
  return load === "failing" ? [failing("load")] : [reading("load", ...load)];
}

const anyCandidates = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(...names),
      state: fc.constantFrom("ONLINE", "ONLINE", "ONLINE", "OFFLINE"),
      deleted: fc.constantFrom(false, false, false, true),
      zone: fc.constantFrom("x", "y", undefined),
      load: anyReading,
    }),
    { selector: ({ name }) => name, maxLength: names.length },
  )
  .map((all) =>
    all
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ zone, load, ...facts }) =>
        candidate({
          ...facts,
          labels: zone === undefined ? {} : { zone },
          readings: readingsOf(load),
        }),
      ),
  );

const anyApp = fc
  .record({
    on: fc.constantFrom(null, ...names),
    sinceMs: fc.constantFrom(0, intervalMs - 1, intervalMs, 10 * intervalMs),
    migration: fc.constantFrom(true, true, false),
    labels: fc.constantFrom([], ["zone is x"], ["zone is not x"], ["not a constraint ("]),
    metrics: fc.constantFrom([], ["load >= 0.5"]),
    completed: fc.constantFrom(2, 2, 2, 3),
  })
  .map((facts) => ({ facts, app: application(facts) }));

/** One that nothing but its cluster and its constraints holds where it is. */
const anyFreeApp = anyApp.map(({ facts }) => {
  const free = { ...facts, migration: true, completed: 2, sinceMs: intervalMs };
  return { facts: free, app: application(free) };
});

function find(
  candidates: readonly Candidate[],
  name: string | undefined | null,
): Candidate | undefined {
  return candidates.find((one) => one.name === name);
}

function fits(app: Application, one: Candidate): boolean {
  return fitsAll(
    prepareFilters(app, snapshot([one])),
    one,
    one.name === app.status.scheduled_to?.name,
  );
}

/** True when the application stays on its cluster whatever the others are like. */
function holds(facts: AppFacts): boolean {
  return !facts.migration || facts.completed === 3;
}

describe("a decision", () => {
  it("chooses a cluster that fits, unless the application is held where it is", () => {
    fc.assert(
      fc.property(anyApp, anyCandidates, ({ facts, app }, candidates) => {
        const { chosen, outcome } = decide(app, snapshot(candidates), detail);
        if (chosen === null) return;
        const isHeld = holds(facts) && chosen.name === facts.on && outcome === "stayed";
        expect(isHeld || fits(app, find(candidates, chosen.name)!)).toBe(true);
      }),
    );
  });

  it("finds a place whenever one fits, and says that there is none only when there is none", () => {
    fc.assert(
      fc.property(anyApp, anyCandidates, ({ facts, app }, candidates) => {
        const { chosen, outcome, reason } = decide(app, snapshot(candidates), detail);
        const stuck = holds(facts) && find(candidates, facts.on) !== undefined;
        const somewhere = stuck || candidates.some((one) => fits(app, one));
        expect(chosen !== null).toBe(somewhere);
        expect(outcome === "unplaceable").toBe(!somewhere);
        if (!somewhere) {
          expect(reason.code).toBe("NO_SUITABLE_RESOURCE");
          expect(reason.message).toBe("No matching Kubernetes cluster found");
        }
      }),
    );
  });

  it("never moves an application whose migration is off, or whose work is done", () => {
    fc.assert(
      fc.property(anyApp, anyCandidates, ({ facts, app }, candidates) => {
        fc.pre(holds(facts) && find(candidates, facts.on) !== undefined);
        const { chosen, outcome, reason } = decide(app, snapshot(candidates), detail);
        expect([chosen?.name, outcome]).toEqual([facts.on, "stayed"]);
        expect(reason.code).toBe(facts.migration ? "Completed" : "MigrationDisabled");
      }),
    );
  });

  it("never moves an application within the interval unless its cluster no longer fits", () => {
    fc.assert(
      fc.property(anyApp, anyCandidates, ({ facts, app }, candidates) => {
        const current = find(candidates, facts.on);
        fc.pre(current !== undefined && facts.sinceMs < intervalMs && fits(app, current));
        const decision = decide(app, snapshot(candidates), detail);
        expect([decision.outcome, decision.chosen?.name]).toEqual(["stayed", facts.on]);
        if (decision.reason.code === "MovedRecently") {
          expect(decision.held_until).toBe(
            new Date(now - facts.sinceMs + intervalMs).toISOString(),
          );
        }
      }),
    );
  });

  it("leaves a cluster that no longer fits at once, if another one does", () => {
    fc.assert(
      fc.property(anyFreeApp, anyCandidates, ({ facts, app }, candidates) => {
        const current = find(candidates, facts.on);
        fc.pre(current !== undefined && !fits(app, current));
        fc.pre(candidates.some((one) => fits(app, one)));
        const decision = decide(app, snapshot(candidates), detail);
        expect([decision.outcome, decision.reason.code]).toEqual(["moved", "CurrentNoLongerFits"]);
      }),
    );
  });

  it("moves to a higher score once the last move is older than the interval", () => {
    fc.assert(
      fc.property(anyFreeApp, anyCandidates, ({ facts, app }, candidates) => {
        const current = find(candidates, facts.on);
        fc.pre(current?.state === "ONLINE" && current.isRanked && fits(app, current));
        const bar = scoreOf(current, 0.1);
        const better = candidates.filter(
          (one) => one !== current && one.isRanked && fits(app, one) && scoreOf(one, 0) > bar,
        );
        const { outcome, chosen } = decide(app, snapshot(candidates), detail);
        expect(outcome).toBe(better.length > 0 ? "moved" : "stayed");
        const most = Math.max(...better.map((one) => scoreOf(one, 0)));
        if (better.length > 0) expect(scoreOf(find(candidates, chosen?.name)!, 0)).toBe(most);
      }),
    );
  });

  it("is the same for the same input, and whatever the order of the candidates", () => {
    fc.assert(
      fc.property(
        anyApp,
        anyCandidates,
        fc.infiniteStream(fc.nat()),
        ({ app }, candidates, keys) => {
          const order = candidates.map((one) => ({ one, key: keys.next().value as number }));
          const shuffled = order.toSorted((a, b) => a.key - b.key).map(({ one }) => one);
          const decision = decide(app, snapshot(candidates), detail);
          expect(decide(app, snapshot(candidates), detail)).toEqual(decision);
          expect(decide(app, snapshot(shuffled), detail)).toEqual(decision);
        },
      ),
    );
  });

  it("leaves an application whose work is done on a cluster that has gone offline, until it is changed", () => {
    const two = [candidate({ name: "a", state: "OFFLINE" }), candidate({ name: "b" })];
    const done = decide(application({ on: "a", completed: 3 }), snapshot(two), detail);
    expect([done.outcome, done.reason.code]).toEqual(["stayed", "Completed"]);
    const changed = decide(application({ on: "a", completed: 2 }), snapshot(two), detail);
    expect([changed.outcome, changed.chosen?.name]).toEqual(["moved", "b"]);
    const lost = decide(application({ on: "gone", completed: 3 }), snapshot(two), detail);
    expect([lost.outcome, lost.chosen?.name]).toEqual(["placed", "b"]);
  });

  it("says of a tie that it is one", () => {
    const tell = (...all: readonly Candidate[]): string =>
      decide(application(), snapshot(all), detail).reason.message;
    const plain = candidate({ name: "a" });
    const zero = candidate({ name: "b", readings: [reading("m", 1, 0)] });
    expect(tell(plain, candidate({ name: "b" }))).toMatch(/none scores higher than a, .* by name$/);
    expect(tell(plain, zero)).toBe("b scores highest of 2 clusters that fit");
    expect(tell(plain)).toBe("a is the only cluster that fits");
  });

  it("gives a tie to the cluster that the application is on, then to the first by name", () => {
    const equal = ["c", "a", "b"].map((name) =>
      candidate({ name, readings: [reading("m", 1, 0.5)] }),
    );
    expect(decide(application(), snapshot(equal), detail).chosen?.name).toBe("a");
    const old = { on: "b", sinceMs: 10 * intervalMs };
    expect(decide(application(old), snapshot(equal, 0), detail)).toMatchObject({
      outcome: "stayed",
      chosen: { name: "b" },
      runner_up: { name: "a" },
      margin: 0,
    });
  });

  it("prefers any cluster with metrics to one without, as Krake does", () => {
    const poor = candidate({ name: "b", readings: [reading("m", 1, 0)] });
    const plain = candidate({ name: "a" });
    expect(decide(application(), snapshot([plain, poor]), detail).chosen?.name).toBe("b");
  });

  it("does not move for metrics that cannot be read", () => {
    const blind = candidate({ name: "a", readings: [reading("n", 1, 1), failing("m")] });
    const good = candidate({ name: "b", readings: [reading("m", 1, 1)] });
    const old = application({ on: "a", sinceMs: 10 * intervalMs });
    expect(decide(old, snapshot([blind, good]), detail)).toMatchObject({
      outcome: "stayed",
      reason: { code: "MetricsMissing" },
    });
    expect(decide(application(), snapshot([blind, good]), detail).chosen?.name).toBe("b");
  });

  it("takes an application's own interval before the scheduler's", () => {
    const [a, b] = [0, 1].map((value, index) =>
      candidate({ name: names[index]!, readings: [reading("m", 1, value)] }),
    );
    const outcome = (rescheduleAfter: number | null) => {
      const app = application({ on: "a", sinceMs: 30_000, rescheduleAfter });
      return decide(app, snapshot([a!, b!]), detail).outcome;
    };
    expect([outcome(null), outcome(10), outcome(31_536_000)]).toEqual([
      "stayed",
      "moved",
      "stayed",
    ]);
  });

  it("scores as Krake's user story does: 0.827 to 0.173, and after the swap 0.180 to 0.827", () => {
    const clusters = (cost: number, green: number) => [
      candidate({ name: "a", readings: [reading("cost", 10, cost), reading("green", 1, green)] }),
      candidate({ name: "b", readings: [reading("cost", 1, cost), reading("green", 10, green)] }),
    ];
    const scores = (app: Application, candidates: readonly Candidate[]) => {
      const decision = decide(app, snapshot(candidates), detail);
      const rows = decision.candidates.map(({ cluster, score }) => [
        cluster.name,
        score?.toFixed(3),
      ]);
      return [decision.chosen?.name, Object.fromEntries(rows)];
    };
    expect(scores(application(), clusters(0.9, 0.1))).toEqual(["a", { a: "0.827", b: "0.173" }]);
    const placed = application({ on: "a", sinceMs: intervalMs });
    expect(scores(placed, clusters(0.1, 0.9))).toEqual(["b", { a: "0.180", b: "0.827" }]);
  });

  it("has a number for a score whatever the weights are", () => {
    const weight = fc.constantFrom(-1, -0.1, 0, 0.1, 1e308, -1e308, Number.MIN_VALUE);
    fc.assert(
      fc.property(fc.array(fc.tuple(weight, fc.double({ min: 0, max: 1, noNaN: true }))), (all) => {
        const one = candidate({ name: "a", readings: all.map((parts) => reading("m", ...parts)) });
        expect(Number.isFinite(scoreOf(one, 0.1))).toBe(true);
      }),
    );
  });
});

describe("the account of a decision", () => {
  const thousand = Array.from({ length: 1_000 }, (_, index) =>
    candidate({
      name: `c${String(index).padStart(4, "0")}`,
      labels: { zone: index % 2 === 0 ? "x" : "y" },
      readings: [reading("m", 1, ((index * 7_919) % 1_000) / 1_000)],
    }),
  );

  it("lists of a thousand candidates the best, as many as are asked for, and counts the rest", () => {
    const app = application({ labels: ["zone is x"] });
    const decision = decide(app, snapshot(thousand), detail);
    const fitting = thousand
      .filter(({ labels }) => labels["zone"] === "x")
      .toSorted((a, b) => b.weightedSum - a.weightedSum);
    expect(decision.candidates.map(({ cluster }) => cluster.name)).toEqual(
      fitting.slice(0, detail).map(({ name }) => name),
    );
    expect([decision.candidates_total, decision.candidates_fitting]).toEqual([1_000, 500]);
  });

  it("always names the chosen cluster and the present one", () => {
    const app = application({ on: "c0001", labels: ["zone is x"], sinceMs: intervalMs });
    const decision = decide(app, snapshot(thousand), 2);
    const listed = decision.candidates.map(({ cluster, fits: isFit }) => [cluster.name, isFit]);
    expect(listed).toEqual([
      [decision.chosen?.name, true],
      ["c0001", false],
    ]);
  });

  it("says of every candidate what each filter finds, also after the first refusal", () => {
    const app = application({
      labels: ["zone is x"],
      metrics: ["m > 0.5"],
      customResources: ["widgets.example.org"],
    });
    const [row] = decide(
      app,
      snapshot([candidate({ name: "a", state: "OFFLINE" })]),
      detail,
    ).candidates;
    expect(row?.verdicts.map(({ filter, reason }) => [filter, reason])).toEqual([
      ["online", "ClusterNotOnline"],
      ["taints", ""],
      ["labels", "LabelMissing"],
      ["custom_resources", "CustomResourceMissing"],
      ["metrics", "MetricMissing"],
    ]);
    expect(row).toMatchObject({ fits: false, score: null });
  });

  it("tells the parts of a score, with the stickiness of the present cluster", () => {
    const on = candidate({ name: "a", readings: [reading("load", 2, 0.5)] });
    const [row] = decide(application({ on: "a" }), snapshot([on]), detail).candidates;
    const parts = row?.parts.map(({ name, weight, value }) => [name, weight, value]);
    expect(parts).toEqual([
      ["load", 2, 0.5],
      ["stickiness", 0.1, 1],
    ]);
  });

  it("costs little: a thousand candidates a hundred times within a second", () => {
    const app = application({ on: "c0500", labels: ["zone is x"] });
    const began = performance.now();
    for (let index = 0; index < 100; index += 1) decide(app, snapshot(thousand), detail);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
