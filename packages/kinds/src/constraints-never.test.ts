import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { warnOfConstraints } from "./constraints.ts";
import { labelsNever, metricsNever, neverTrue } from "./constraints-never.ts";
import { labelsSatisfy, parseLabelConstraint } from "./label-constraint.ts";
import { metricSatisfies, parseMetricConstraint } from "./metric-constraint.ts";

function parsed<C>(
  read: { readonly ok: true; readonly constraint: C } | { readonly ok: false },
): C {
  if (!read.ok) throw new Error("it does not parse");
  return read.constraint;
}

describe("a warning of constraints that are never true", () => {
  it.each([
    [["a is x", "a is not x"]],
    [["a is x", "b is y", "a is y"]],
    [["a in (x, y)", "a not in (x, y)"]],
    [["a", "!a"]],
    [["!a and a is not x"]],
    [["a > 5", "a < 5"]],
    [["a >= 5Ki and a <= 5k"]],
    [["a is x", "a > 3"]],
    [["v >= semver 1.30", "v < semver 1.30.0"]],
    [["(a is x or a is y) and a is z"]],
    [["a is x or b is x", "a is not x", "b is not x"]],
  ])("comes for %j", (labels) => {
    expect(neverTrue({ labels, metrics: null })).toHaveLength(1);
  });

  it.each([
    [["a is x", "b is not x"]],
    [["a is x", "a is x"]],
    [["a >= 5", "a <= 5"]],
    [["a is x or a is y", "a is y"]],
    [["v > semver 1.30-rc.1", "v < semver 1.30"]],
    [["!a", "!b"]],
    [["this does not ( parse"]],
  ])("does not come for %j", (labels) => {
    expect(neverTrue({ labels, metrics: null })).toEqual([]);
  });

  it.each([
    [["0.5 < price < 0.2"], 1],
    [["price > 5", "price <= 5"], 1],
    [["price is 5", "price is not 5"], 1],
    [["price >= 5", "price <= 5", "price != 5"], 1],
    [["price > 5", "load <= 5"], 0],
    [["price >= 5", "price <= 5"], 0],
    [["price != 5", "price != 6"], 0],
  ])("of the metrics %j comes %i times", (metrics, count) => {
    expect(neverTrue({ labels: null, metrics })).toHaveLength(count);
  });

  it("names what contradicts what", () => {
    const labels = ["c is y", "a is x", "a is not x"];
    const preferred = [{ weight: 1, metrics: "2 < m < 1" }];
    expect(warnOfConstraints({ labels, metrics: null, preferred })).toEqual([
      '"a is x" and "a is not x" are never true together: nothing will ever fit',
      '"2 < m < 1" is never true: it never counts',
    ]);
  });

  it("never comes where labels would do", () => {
    const key = fc.constantFrom("a", "b");
    const value = fc.constantFrom("x", "1", "2", "3", "1.2-rc");
    const operator = fc.constantFrom("is", "is not");
    const order = fc.constantFrom(">", ">=", "<", "<=");
    const number = fc.constantFrom("1", "2", "3", "semver 1.2", "semver 2");
    const term = fc.oneof(
      fc.tuple(key, operator, value).map((parts) => parts.join(" ")),
      fc.tuple(key, order, number).map((parts) => parts.join(" ")),
      key,
      key.map((name) => `!${name}`),
    );
    const join = fc.constantFrom(" or ", " and ");
    const group = fc.tuple(term, join, term, join, term).map((parts) => parts.join(""));
    const labels = fc.dictionary(key, value);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(term, group), { minLength: 1, maxLength: 4 }),
        labels,
        (texts, set) => {
          const all = texts.map((text) => parsed(parseLabelConstraint(text)));
          const isFulfilled = all.every((constraint) => labelsSatisfy(constraint, set));
          expect(isFulfilled && labelsNever(all)).toBe(false);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("comes for metrics just when no number would do", () => {
    const side = fc.tuple(fc.constantFrom(">", ">=", "<", "<=", "==", "!="), fc.nat(3));
    const numbers = Array.from({ length: 19 }, (_, index) => (index - 4) / 4);
    fc.assert(
      fc.property(fc.array(side, { minLength: 1, maxLength: 5 }), (sides) => {
        const all = sides.map((parts) => parsed(parseMetricConstraint(`m ${parts.join(" ")}`)));
        const some = numbers.some((number) => all.every((one) => metricSatisfies(one, number)));
        expect(metricsNever(all)).toBe(!some);
      }),
    );
  });

  const many = (count: number, text: (index: number) => string): readonly string[] =>
    Array.from({ length: count }, (_, index) => text(index));
  it.each([
    ["ways", many(250, (a) => many(16, (b) => `k${a} is x${b}`).join(" or "))],
    ["ways of one label", many(250, (a) => many(16, (b) => `k is x${a * b}`).join(" or "))],
    ["alternatives", [many(50_000, (index) => `k is x${index}`).join(" or ")]],
    ["conditions", [many(50_000, (index) => `k > ${index}`).join(" and ")]],
    [
      "lists",
      many(2, (no) => `k ${no ? "not " : ""}in (${many(50_000, (i) => `x${i}`).join(",")})`),
    ],
    ["constraints", many(20_000, (index) => `k > ${index}`)],
  ])("costs little, however many %s are written", (_what, labels) => {
    const began = performance.now();
    neverTrue({ labels, metrics: labels.filter((text) => /^k > \d+$/.test(text)) });
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe("a warning of expressions", () => {
  it("tells of those that are false whatever the cluster is like, and of no others", () => {
    const expressions = ["1 == 2", 'labels.a == "x" && false', 'labels.a == "x"', "true"];
    const preferred = [{ weight: 1, expression: "!true" }];
    expect(warnOfConstraints({ labels: null, metrics: null, expressions, preferred })).toEqual([
      '"1 == 2" is never true: nothing will ever fit',
      '"labels.a == \\"x\\" && false" is never true: nothing will ever fit',
      '"!true" is never true: it never counts',
    ]);
  });
});
