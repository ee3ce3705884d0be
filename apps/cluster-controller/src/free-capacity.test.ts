import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CountedRequests } from "./count-requests.ts";
import { withFree, type Capacity } from "./free-capacity.ts";

const has: Capacity = { cpu_cores: 4, memory_bytes: 8_000, pods: 110, nodes: 2, nodes_ready: 2 };
const start = Date.parse("2026-01-01T00:00:00Z");

function counted(second: number, cpuCores = 1.5, sameSince = second): CountedRequests {
  const at = start + second * 1_000;
  return { at, sameSince: start + sameSince * 1_000, cpuCores, memoryBytes: 3_000, pods: 7 };
}

function secondOf({ free_at }: Capacity): number {
  return (Date.parse(free_at ?? "") - start) / 1_000;
}

describe("what is free", () => {
  it("is what the nodes have less what Pods request, below zero when that is more", () => {
    expect(withFree(has, null, counted(0))).toEqual({
      ...has,
      cpu_free_cores: 2.5,
      memory_free_bytes: 5_000,
      pods_free: 103,
      free_at: "2026-01-01T00:00:00.000Z",
    });
    expect(withFree(has, null, counted(0, 6)).cpu_free_cores).toBe(-2);
  });

  it("is left out when nobody can count, and kept before the first count", () => {
    const before = withFree(has, null, counted(0));
    expect(withFree(has, before, "unknown")).toEqual(has);
    expect(withFree(has, before, undefined)).toEqual(before);
    expect(withFree(has, null, undefined)).toEqual(has);
  });

  it("says when it was counted: when it changes, when it has settled, and then every few minutes", () => {
    let status = withFree(has, null, counted(0));
    const seen = [5, 12, 40, 250, 311, 312, 330].map((second) => {
      status = withFree(has, status, counted(second, 1.5, 0));
      return secondOf(status);
    });
    expect(seen).toEqual([0, 12, 12, 12, 12, 312, 312]);
    status = withFree(has, status, counted(340, 2));
    expect(secondOf(status)).toBe(340);
  });

  it("does not depend on the order in which fractions were added", () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 4_000 }).map((milli) => milli / 1_000));
    fc.assert(
      fc.property(amounts, (list) => {
        const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
        const one = withFree(has, null, counted(0, sum(list)));
        const other = withFree(has, null, counted(0, sum(list.toReversed())));
        expect(other).toEqual(one);
      }),
    );
  });
});
