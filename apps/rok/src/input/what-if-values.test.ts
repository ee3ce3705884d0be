import { expect, test } from "vitest";
import { collectNumber, collectWhatIfMetric } from "./what-if-values.ts";

test("a metric of everywhere, or of one cluster", () => {
  const one = collectWhatIfMetric("load=0.9");
  expect(collectWhatIfMetric("price@berlin=-1.5e1", one)).toEqual([
    { metric: "load", value: 0.9 },
    { metric: "price", cluster: "berlin", value: -15 },
  ]);
});

test("weights, the last of a name", () => {
  expect(collectNumber("load=3", collectNumber("load=2"))).toEqual({ load: 3 });
});

test.each(["load", "=1", "load=", "load=x", "load@=1", "@berlin=1", "a@b@c=1"])(
  "%s is refused",
  (text) => {
    expect(() => collectWhatIfMetric(text)).toThrow(/expected/i);
  },
);

test.each(["load", "=1", "load=x"])("the weight %s is refused", (text) => {
  expect(() => collectNumber(text)).toThrow(/expected/i);
});
