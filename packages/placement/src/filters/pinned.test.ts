import { describe, expect, it } from "vitest";
import { decide } from "../decide.ts";
import {
  application,
  candidate,
  detail,
  reading,
  snapshot,
  type AppFacts,
} from "../testing/facts.ts";

const clusters = [
  candidate({ name: "a", readings: [reading("load", 1, 0.9)] }),
  candidate({ name: "b", readings: [reading("load", 1, 0.1)] }),
  candidate({ name: "c", cordoned: true }),
];

function decided(facts: AppFacts) {
  return decide(application(facts), snapshot(clusters), detail);
}

describe("a pin", () => {
  it("leaves one cluster, and stands in the verdicts of the others", () => {
    const decision = decided({ placement: { cluster: "b" } });
    expect(decision.chosen?.name).toBe("b");
    const row = decision.candidates.find(({ cluster }) => cluster.name === "a");
    expect(row?.verdicts.find(({ fits }) => !fits)).toMatchObject({
      filter: "pinned",
      reason: "PinnedElsewhere",
      message: "the application is pinned to b",
    });
  });

  it("moves the application when it changes, and not when it is taken away", () => {
    const there = { on: "a", sinceMs: 0, runs: true } as const;
    expect(decided({ ...there, placement: { cluster: "b" } })).toMatchObject({
      outcome: "moved",
      chosen: { name: "b" },
      reason: { code: "CurrentNoLongerFits" },
    });
    expect(decided({ ...there, placement: { cluster: null } })).toMatchObject({
      outcome: "stayed",
      chosen: { name: "a" },
    });
  });

  it("to a cluster that takes nothing, or that there is not, moves nothing away and places nothing", () => {
    for (const cluster of ["c", "nowhere"]) {
      expect(decided({ placement: { cluster } }).outcome).toBe("unplaceable");
      expect(decided({ on: "a", placement: { cluster } }).chosen).toBeNull();
    }
  });
});
