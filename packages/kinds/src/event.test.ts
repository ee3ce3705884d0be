import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Condition } from "./condition.ts";
import { lifeEvents, transitions } from "./event.ts";

const now = "2026-05-01T10:00:00.000Z";

function condition(changes: Partial<Condition>): Condition {
  return {
    type: "Healthy",
    status: "True",
    reason: "Healthy",
    message: "",
    observed_generation: 1,
    last_transition_time: "2026-05-01T09:00:00.000Z",
    ...changes,
  };
}

const conditions = fc.array(
  fc.record({
    type: fc.constantFrom("Applied", "Healthy", "Scheduled"),
    status: fc.constantFrom("True", "False", "Unknown"),
    reason: fc.constantFrom("Placed", "Starting", "KUBERNETES_ERROR"),
    message: fc.constantFrom("", "1 of 2", "placed on a"),
    observed_generation: fc.nat(3),
    last_transition_time: fc.constant(now),
  }),
  { maxLength: 3 },
) as fc.Arbitrary<Condition[]>;

test("a status that stays as it is tells nothing", () => {
  fc.assert(
    fc.property(fc.uniqueArray(conditions, { maxLength: 1 }), (lists) => {
      const unique = [...new Map((lists[0] ?? []).map((one) => [one.type, one])).values()];
      const status = { conditions: unique, running_on: null };
      expect(transitions(status, status, now)).toEqual([]);
    }),
  );
});

describe("a transition", () => {
  const told = (before: Partial<Condition>, after: Partial<Condition>) =>
    transitions({ conditions: [condition(before)] }, { conditions: [condition(after)] }, now);

  it("is another status or reason, and not a message that counts on", () => {
    const waiting = { status: "False", reason: "Starting" } as const;
    expect(told(waiting, { ...waiting, message: "1 of 3" })).toEqual([]);
    expect(told(waiting, {})).toEqual([
      { time: now, type: "Normal", source: "Healthy", reason: "Healthy", message: "" },
    ]);
  });

  it("is the message too where the condition holds: it names the place", () => {
    const before = { type: "Scheduled", reason: "Placed", message: "placed on a" };
    expect(told(before, { ...before, message: "placed on b" })).toHaveLength(1);
  });

  it("is a warning when something failed, and not while it is under way", () => {
    const type = (after: Partial<Condition>) => told({}, after)[0]?.type;
    expect(type({ status: "False", reason: "CrashLoopBackOff" })).toBe("Warning");
    expect(type({ status: "Unknown", reason: "KUBERNETES_ERROR" })).toBe("Warning");
    expect(type({ status: "False", reason: "Starting" })).toBe("Normal");
    expect(type({ status: "Unknown", reason: "Waiting" })).toBe("Normal");
  });

  it("is another cluster that serves", () => {
    const on = (name: string) => ({ api: "kubernetes", kind: "Cluster", namespace: "n", name });
    const [moved] = transitions({ running_on: on("a") }, { running_on: on("b") }, now);
    expect(moved).toMatchObject({ reason: "Running", message: "runs on b, and no longer on a" });
    const [stopped] = transitions({ running_on: on("a") }, { running_on: null }, now);
    expect(stopped).toMatchObject({ reason: "Stopped" });
  });
});

test("the life of an object is told from its metadata", () => {
  const life = { created: now, modified: now, deleted: null, generation: 1 };
  expect(lifeEvents(life).map(({ reason }) => reason)).toEqual(["Created"]);
  const ended = { ...life, modified: "2026-05-02T10:00:00.000Z", deleted: "2026-05-03T10:00:00Z" };
  expect(lifeEvents(ended).map(({ reason }) => reason)).toEqual(["Created", "Changed", "Deleted"]);
});
