import { expect, test } from "vitest";
import { fieldMatcher, labelMatcher, selectorMatches } from "./selectors.ts";
import type { SimObject } from "./sim-object.ts";

function object(labels: Record<string, string>): SimObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "p",
      namespace: "n",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: "",
      labels,
    },
    status: { phase: "Running" },
  };
}

const cases: readonly (readonly [string, boolean])[] = [
  ["app=web", true],
  ["app==web", true],
  ["app!=web", false],
  ["other!=web", true],
  ["app in (web, api)", true],
  ["app notin (web,api)", false],
  ["app", true],
  ["!app", false],
  ["!other", true],
  ["app=web,tier=back", false],
  ["app in (web,api),tier=front", true],
  ["", true],
];

for (const [selector, expected] of cases) {
  test(`the label selector "${selector}" ${expected ? "matches" : "does not match"}`, () => {
    expect(labelMatcher(selector)(object({ app: "web", tier: "front" }))).toBe(expected);
  });
}

test("a field selector reads any field", () => {
  const pod = object({});
  expect(fieldMatcher("metadata.name=p,status.phase=Running")(pod)).toBe(true);
  expect(fieldMatcher("status.phase!=Running")(pod)).toBe(false);
  expect(fieldMatcher("spec.nodeName=")(pod)).toBe(true);
});

test("a selector that cannot be read is a bad request", () => {
  expect(() => labelMatcher("a b c")).toThrow("unable to parse requirement");
});

test("the selector of a workload knows labels and expressions", () => {
  const selector = {
    matchLabels: { app: "web" },
    matchExpressions: [{ key: "tier", operator: "In", values: ["front"] }],
  };
  expect(selectorMatches(selector, { app: "web", tier: "front" })).toBe(true);
  expect(selectorMatches(selector, { app: "web", tier: "back" })).toBe(false);
});
