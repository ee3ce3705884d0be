import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pointAt } from "./constraint-text.ts";
import {
  metricSatisfies,
  parseMetricConstraint,
  type MetricConstraint,
} from "./metric-constraint.ts";

function metric(text: string): MetricConstraint {
  const parsed = parseMetricConstraint(text);
  if (!parsed.ok) throw new Error(pointAt(text, parsed));
  return parsed.constraint;
}

describe("a metric constraint", () => {
  it.each([
    ["free > 16Gi", 16 * 2 ** 30],
    ["free > 1.5Mi", 1.5 * 2 ** 20],
    ["free > 8Ki", 8_192],
    ["free > 500m", 0.5],
    ["free > 2k", 2_000],
    ["free > -3M", -3_000_000],
    ["free > -1e-3", -0.001],
    ["free > 1E3", 1_000],
  ])("has a number with a unit in %j", (text, value) => {
    expect(metric(text)).toEqual({ metric: "free", operator: ">", value });
  });

  it.each([
    ["0.2 < price <= 0.5", ">", 0.2, "<=", 0.5],
    ["0.2<price<0.5", ">", 0.2, "<", 0.5],
    ["0.5 >= price > 0.2", "<=", 0.5, ">", 0.2],
    ["-1 lt price lte 1Ki", ">", -1, "<=", 1_024],
  ] as const)("has both sides in %j", (text, operator, value, also, limit) => {
    const expected = { metric: "price", operator, value, also: { operator: also, value: limit } };
    expect(metric(text)).toEqual(expected);
  });

  it("may be about a metric that is called like a number", () => {
    expect(metric("5 > 3")).toEqual({ metric: "5", operator: ">", value: 3 });
    expect(metric("1 < 5 < 3")).toMatchObject({ metric: "5", value: 1, also: { value: 3 } });
  });

  it.each([
    ["0.2 < price", 6, "expected a number"],
    ["0.2 < price >= 0.1", 12, "both sides of a range point the same way"],
    ["0.2 is price < 3", 4, "expected one of < <= > >="],
    ["0.2 < price <", 13, "expected a number"],
    ["0.2 < price < 0.5 < 0.7", 18, "expected the end"],
    ["price < 5E", 8, "expected a number"],
    ["price < 5u", 8, "expected a number"],
    ["price < 5 Gi", 10, "expected the end"],
    ["price < 5gi", 8, "expected a number"],
    ["-5 < 3", 0, undefined],
  ])("written %j is refused at character %i", (text, at, message) => {
    const parsed = parseMetricConstraint(text);
    expect(parsed).toMatchObject({ ok: false, at });
    if (message !== undefined) expect(parsed.ok ? "" : parsed.message).toContain(message);
  });

  it("holds in a range when both sides do", () => {
    const number = fc.constantFrom(-1.5, 0, 0.25, 1, 2);
    const sign = fc.constantFrom("<", "<=");
    fc.assert(
      fc.property(number, sign, number, sign, number, (low, first, value, second, high) => {
        const range = metric(`${low} ${first} m ${second} ${high}`);
        const above = metric(`m ${first === "<" ? ">" : ">="} ${low}`);
        const below = metric(`m ${second} ${high}`);
        const both = metricSatisfies(above, value) && metricSatisfies(below, value);
        expect(metricSatisfies(range, value)).toBe(both);
        const turned = metric(
          `${high} ${second.replace("<", ">")} m ${first.replace("<", ">")} ${low}`,
        );
        expect(metricSatisfies(turned, value)).toBe(both);
      }),
    );
  });
});
