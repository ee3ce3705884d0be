import { describe, expect, it } from "vitest";
import { shutdownRules, shutdownStep, type ShutdownRules } from "./shutdown-step.ts";

const rules: ShutdownRules = { graceMs: 5_000, retries: 1, goesOn: true };
const settings = { timeout: 30, failure_strategy: "delete", failure_retry_count: 0 } as const;
const at = (ms: number): string => new Date(ms).toISOString();
const asking = { state: "asking", attempt: 1, sent: true, until: at(5_000), message: "" } as const;

/** The whole way of a copy that never answers: each step, and when it was taken. */
function silence(own: ShutdownRules): readonly string[] {
  const taken: string[] = [];
  let known: Parameters<typeof shutdownStep>[0];
  for (let now = 0; taken.length < 20;) {
    const step = shutdownStep(known, own, now);
    if (step.type === "wait") now += step.forMs;
    else taken.push(`${step.type} ${now}`);
    if (step.type === "ask") known = { ...step.shutdown, sent: true };
    else if (step.type === "end") known = step.shutdown;
    else if (step.type !== "wait") break;
  }
  return taken;
}

describe("an application that does not answer", () => {
  it("is asked once more for each retry, with its whole grace time each time, and then goes", () => {
    expect(silence(rules)).toEqual(["ask 0", "ask 5000", "end 10000", "go 10000"]);
    expect(silence({ ...rules, retries: 0 })).toEqual(["ask 0", "end 5000", "go 5000"]);
  });

  it("stays when that is what it wants", () => {
    expect(silence({ ...rules, goesOn: false })).toEqual([
      "ask 0",
      "ask 5000",
      "end 10000",
      "stay 10000",
    ]);
  });
});

it("one that has answered goes at once, also when its time is over", () => {
  for (const now of [0, 60_000]) {
    expect(shutdownStep({ ...asking, state: "ready" }, rules, now)).toEqual({ type: "go" });
  }
});

it("a request of which nobody knows whether it was sent is sent, as the same attempt", () => {
  const step = shutdownStep({ ...asking, attempt: 2, sent: false }, rules, 60_000);
  expect(step).toMatchObject({ type: "ask", shutdown: { attempt: 2, until: at(65_000) } });
});

it("an application's own rules count more than those of the operator", () => {
  const spec = (more: object) => ({ spec: more }) as Parameters<typeof shutdownRules>[0];
  expect(shutdownRules(spec({}), settings)).toEqual({ graceMs: 30_000, retries: 0, goesOn: true });
  const own = {
    shutdown_grace_time: 7,
    shutdown_failure_strategy: "give_up",
    shutdown_retry_count: 3,
  };
  const found = shutdownRules(spec(own), settings);
  expect(found).toEqual({ graceMs: 7_000, retries: 3, goesOn: false });
});

it("a grace time is never nothing, and never endless", () => {
  const graceOf = (seconds: number) =>
    shutdownRules({ spec: { shutdown_grace_time: seconds } } as never, settings).graceMs;
  expect(graceOf(0)).toBe(1_000);
  expect(() => at(graceOf(Number.MAX_SAFE_INTEGER))).not.toThrow();
});
