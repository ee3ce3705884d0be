import { limits } from "@octoplane/shared/limits";
import { readNumber } from "./constraint-comparison.ts";
import { termsOf, type LabelConstraint, type LabelTerm } from "./label-constraint.ts";
import { parseVersion } from "./semver.ts";

/** Why labels do not satisfy a constraint: what stands in each label that it names, once each. Pure. */
export function labelFacts(
  constraint: LabelConstraint,
  labels: Readonly<Record<string, string>>,
): string {
  const facts = new Set<string>();
  for (const term of termsOf(constraint)) {
    if (facts.size >= limits.constraintFactsMax) return `${[...facts].join(", ")}, and more`;
    facts.add(factOf(term, labels));
  }
  return [...facts].join(", ");
}

/** True when nothing but labels that are not there is in the way. */
export function isMissing(
  constraint: LabelConstraint,
  labels: Readonly<Record<string, string>>,
): boolean {
  return termsOf(constraint).every(
    ({ key, operator }) => operator !== "not exists" && !Object.hasOwn(labels, key),
  );
}

function factOf(term: LabelTerm, labels: Readonly<Record<string, string>>): string {
  const { key, operator } = term;
  if (!Object.hasOwn(labels, key)) return `there is no ${key}`;
  const value = labels[key]!;
  if (operator === "number" && readNumber(value) === undefined) {
    return `${key} is ${value}, which is no number`;
  }
  if (operator === "semver" && parseVersion(value) === undefined) {
    return `${key} is ${value}, which is no version`;
  }
  return `${key} is ${value}`;
}
