import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divideReplicas } from "./divide-replicas.ts";

describe("replicas divided by shares", () => {
  it.each([
    [10, [1, 1], [5, 5]],
    [10, [2, 1], [7, 3]],
    [3, [1, 1], [2, 1]],
    [1, [1, 1, 1], [1, 0, 0]],
    [5, [0, 1], [0, 5]],
    [5, [0, 0], [3, 2]],
    [0, [1, 2], [0, 0]],
    [7, [1e308, 1e308], [4, 3]],
  ])("%i by %j are %j", (total, shares, expected) => {
    expect(divideReplicas(total, shares)).toEqual(expected);
  });

  it("add up to the total, each within one of what is due, and more share never means less", () => {
    const share = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.array(share, { minLength: 1, maxLength: 20 }),
        (total, shares) => {
          const given = divideReplicas(total, shares);
          expect(given.reduce((all, one) => all + one, 0)).toBe(total);
          const sum = shares.reduce((all, one) => all + one, 0);
          for (const [index, one] of given.entries()) {
            expect(Number.isInteger(one) && one >= 0).toBe(true);
            if (sum > 0) expect(Math.abs(one - (total * shares[index]!) / sum)).toBeLessThan(1.001);
            for (const [other, another] of given.entries()) {
              if (shares[index]! > shares[other]! && sum > 0)
                expect(one).toBeGreaterThanOrEqual(another);
            }
          }
        },
      ),
    );
  });
});
