import fc from "fast-check";
import { expect, test } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { RateLimit } from "./rate-limit.ts";

test("each identity has its burst, and then the rate", () => {
  const clock = new VirtualClock();
  const limit = new RateLimit({ requests_per_second: 2, burst: 3 }, clock);
  const taken = (count: number) => Array.from({ length: count }, () => limit.take("alice"));
  expect(taken(4)).toEqual([0, 0, 0, 1]);
  expect(limit.take("bob")).toBe(0);
  clock.advance(500);
  expect(taken(2)).toEqual([0, 1]);
  clock.advance(60_000);
  expect(taken(4)).toEqual([0, 0, 0, 1]);
});

test("who waits as long as they are told may go on", () => {
  const clock = new VirtualClock();
  const limit = new RateLimit({ requests_per_second: 0.1, burst: 1 }, clock);
  expect([limit.take("a"), limit.take("a")]).toEqual([0, 10]);
  clock.advance(4_000);
  const seconds = limit.take("a");
  expect(seconds).toBe(6);
  clock.advance(seconds * 1_000);
  expect(limit.take("a")).toBe(0);
});

test("in no stretch of time are there more than the burst and what the rate allows", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (pauses, burst) => {
      const clock = new VirtualClock();
      const limit = new RateLimit({ requests_per_second: 3, burst }, clock);
      const passed: number[] = [];
      for (const pause of pauses) {
        clock.advance(pause);
        if (limit.take("a") === 0) passed.push(clock.monotonic());
      }
      for (const [first, from] of passed.entries()) {
        for (const [last, to] of passed.entries()) {
          const most = burst + (3 * (to - from)) / 1_000 + 1e-6;
          if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(most);
        }
      }
    }),
  );
});

test("no more identities are remembered than the limit says", () => {
  const limit = new RateLimit({ requests_per_second: 1, burst: 1 }, new VirtualClock());
  for (let count = 0; count <= limits.rateIdentitiesMax; count += 1) limit.take(`user-${count}`);
  expect(limit.take("user-0")).toBe(0);
  expect(limit.take(`user-${limits.rateIdentitiesMax}`)).toBe(1);
});
