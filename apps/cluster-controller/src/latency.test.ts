import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reportedLatency, smoothedLatency } from "./latency.ts";

describe("the latency of an API server", () => {
  it("is told in steps that matter", () => {
    expect(reportedLatency(undefined, 7.3)).toBe(7.3);
    expect(reportedLatency(undefined, 0.02)).toBe(1);
    expect(reportedLatency(7, 16)).toBe(7);
    expect(reportedLatency(7, 18)).toBe(18);
    expect(reportedLatency(300, 390)).toBe(300);
    expect(reportedLatency(300, 411.7)).toBe(410);
    expect(reportedLatency(300, 150)).toBe(150);
  });

  it("changes hardly ever while answers only flicker", () => {
    const samples = fc.array(fc.double({ min: 20, max: 40, noNaN: true }), { minLength: 50 });
    fc.assert(
      fc.property(samples, (list) => {
        let smoothed: number | undefined;
        let reported: number | undefined;
        let writes = 0;
        for (const sample of list) {
          smoothed = smoothedLatency(smoothed, sample);
          const next = reportedLatency(reported, smoothed);
          if (next !== reported) writes += 1;
          reported = next;
        }
        expect(writes).toBeLessThanOrEqual(1 + list.length / 5);
        expect(Math.abs(reported! - smoothed!)).toBeLessThanOrEqual(15);
      }),
    );
  });

  it("follows a server that became slow within some answers", () => {
    let smoothed = 10;
    for (let turn = 0; turn < 15; turn += 1) smoothed = smoothedLatency(smoothed, 500);
    expect(reportedLatency(10, smoothed)).toBeGreaterThan(450);
  });
});
