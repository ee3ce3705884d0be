import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuText, memoryText, shareText, sortedByUsage } from "./usage-text.ts";

const amounts = (cores: number | null, bytes: number | null) => ({
  cpu_cores: cores,
  memory_bytes: bytes,
});

describe("what is used", () => {
  it("is told in thousandths of cores and in MiB", () => {
    const texts = [0.012, 0.0001, 0, 2, 0.1 + 0.2].map((cores) => cpuText(amounts(cores, null)));
    expect(texts).toEqual(["12m", "1m", "0m", "2000m", "300m"]);
    expect(memoryText(amounts(null, 30.9 * 2 ** 20))).toBe("30Mi");
    expect(cpuText(amounts(null, 1)) + memoryText(amounts(1, null))).toBe("");
  });

  it("is a share of something, or none is told", () => {
    expect(shareText(0.05, 0.2)).toBe("25%");
    expect(shareText(3, 2)).toBe("150%");
    expect([shareText(1, null), shareText(null, 1), shareText(1, 0)]).toEqual(["", "", ""]);
  });

  it("is never told as less than it is, and never as nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), (nanos) => {
        const milli = Number.parseInt(cpuText(amounts(nanos / 1e9, null)), 10);
        expect(milli * 1e6).toBeGreaterThanOrEqual(nanos);
        expect((milli - 1) * 1e6).toBeLessThan(nanos);
      }),
    );
  });

  it("is sorted with the most first, and what is not known last", () => {
    const items = [amounts(1, 5), amounts(null, 9), amounts(3, null), amounts(1, 7)].map(
      (used, index) => ({ index, used }),
    );
    const order = (sortBy: "cpu" | "memory" | undefined) =>
      sortedByUsage(items, sortBy).map(({ index }) => index);
    expect(order("cpu")).toEqual([2, 0, 3, 1]);
    expect(order("memory")).toEqual([1, 3, 0, 2]);
    expect(order(undefined)).toEqual([0, 1, 2, 3]);
  });
});
