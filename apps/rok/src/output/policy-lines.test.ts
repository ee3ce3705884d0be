import { expect, it } from "vitest";
import { estimateText, policyLines } from "./policy-lines.ts";

it("tells by which policy and weights clusters were compared, and what is wrong with it", () => {
  const policy = { name: "cost", namespaced: false, weights: { price: 1.5 }, problem: null };
  expect(policyLines({ policy })).toEqual(["by global policy cost: price 1.5"]);
  const problem = { code: "PolicyMissing", message: "there is no placement policy cost" };
  expect(policyLines({ policy: { ...policy, namespaced: null, weights: {}, problem } })).toEqual([
    "by policy cost: the metrics of the clusters, with their weights",
    "but there is no placement policy cost",
  ]);
  expect(policyLines({ policy: { ...policy, name: null, namespaced: null } })).toEqual([
    "by own weights: price 1.5",
  ]);
  expect(policyLines({})).toEqual([]);
});

it("tells what is estimated, and nothing of what is not known", () => {
  const known = { cost_per_hour: 0.1, currency: "EUR", carbon_grams_per_hour: 2.34567 };
  expect(estimateText(known)).toBe(", 0.1 EUR/h, 2.3457 g CO2/h");
  expect(estimateText({ ...known, cost_per_hour: null, carbon_grams_per_hour: null })).toBe("");
  expect(estimateText(undefined)).toBe("");
});
