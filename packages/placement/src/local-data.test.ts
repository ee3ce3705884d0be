import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { application, candidate, detail, snapshot, type AppFacts } from "./testing/facts.ts";

const localData = "Deployment db has the directory /data of a node";

function decided(facts: AppFacts, local: string | undefined = localData) {
  const clusters = [candidate({ name: "a", drain: true }), candidate({ name: "b" })];
  const data = local === undefined ? {} : { localData: local };
  return decide(application(facts), { ...snapshot(clusters), ...data }, detail);
}

describe("an application with data on its nodes", () => {
  it("stays where it runs, whatever the clusters are like, and says why", () => {
    for (const placement of [undefined, { cluster: "b" }, { local_data: "stay" }] as const) {
      const decision = decided({ on: "a", runs: true, ...(placement && { placement }) });
      expect(decision).toMatchObject({
        outcome: "stayed",
        chosen: { name: "a" },
        reason: {
          code: "NodeLocalData",
          message: `its data stays on the nodes of its cluster: ${localData}`,
        },
      });
    }
  });

  it("moves before it ran there, when its user gives the data up, and when there is none", () => {
    expect(decided({ on: "a" })).toMatchObject({ outcome: "moved", chosen: { name: "b" } });
    const placement = { local_data: "abandon" } as const;
    expect(decided({ on: "a", runs: true, placement })).toMatchObject({ outcome: "moved" });
    const none = decide(
      application({ on: "a", runs: true }),
      snapshot([candidate({ name: "a", drain: true }), candidate({ name: "b" })]),
      detail,
    );
    expect(none.outcome).toBe("moved");
  });
});
