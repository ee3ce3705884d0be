import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { pointAt } from "./constraint-text.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { isLabelKey } from "./metadata.ts";

/**
 * What an application asks about the others of its namespace: to stand where some of them stand, or where none of them
 * does, or to be spread evenly with them. They are chosen by a label selector.
 */

const closed = { additionalProperties: false } as const;
const selectorText = (description: string) =>
  Type.Optional(Type.String({ maxLength: limits.preferenceCharsMax, description }));
const byField = Type.Optional(
  Type.String({
    description: "a label of clusters: its value is the place; left out: the cluster",
  }),
);
const weightField = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 100,
    description: "a wish of this weight; left out: a must",
  }),
);

export const NeighbourRuleSchema = Type.Object(
  {
    together: selectorText("a label selector: where one of these applications stands"),
    apart: selectorText("a label selector: where none of these applications stands"),
    by: byField,
    weight: weightField,
  },
  { ...closed, description: "one of together and apart" },
);
export type NeighbourRule = Static<typeof NeighbourRuleSchema>;

export const SpreadRuleSchema = Type.Object(
  {
    by: byField,
    of: selectorText("a label selector; left out: applications with all labels of this one"),
    max_skew: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 1,
      description: "how many more than in the emptiest place there may be",
    }),
    weight: weightField,
  },
  closed,
);
export type SpreadRule = Static<typeof SpreadRuleSchema>;

export const neighbourRulesField = Type.Optional(
  Type.Array(NeighbourRuleSchema, {
    maxItems: limits.neighbourRulesMax,
    description: "which other applications it stands with, and which not",
  }),
);
export const spreadField = Type.Optional(
  Type.Array(SpreadRuleSchema, {
    maxItems: limits.neighbourRulesMax,
    description: "places over which it is spread evenly with others",
  }),
);

export function checkNeighbourRules(
  field: string,
  rules: readonly NeighbourRule[] = [],
): readonly FieldProblem[] {
  return rules.flatMap(({ together, apart, by }, index) => {
    const at = `${field}[${index}]`;
    if ((together === undefined) === (apart === undefined)) {
      return [{ field: at, message: "expected one of together and apart" }];
    }
    return together === undefined
      ? [...checkSelector(`${at}.apart`, apart ?? ""), ...checkBy(at, by)]
      : [...checkSelector(`${at}.together`, together), ...checkBy(at, by)];
  });
}

export function checkSpread(
  field: string,
  rules: readonly SpreadRule[] = [],
): readonly FieldProblem[] {
  return rules.flatMap(({ of, by }, index) => [
    ...(of === undefined ? [] : checkSelector(`${field}[${index}].of`, of)),
    ...checkBy(`${field}[${index}]`, by),
  ]);
}

function checkSelector(field: string, text: string): readonly FieldProblem[] {
  const parsed = parseLabelSelector(text);
  return parsed.ok ? [] : [{ field, message: `Invalid label selector: ${pointAt(text, parsed)}` }];
}

function checkBy(at: string, by: string | undefined): readonly FieldProblem[] {
  const isFine = by === undefined || isLabelKey(by);
  return isFine ? [] : [{ field: `${at}.by`, message: "expected the key of a label" }];
}

/** As a verdict and a part of the score name it: `together with tier=db by region`. */
export function neighbourRuleText({ together, apart, by }: NeighbourRule): string {
  const what = together === undefined ? `apart from ${apart ?? ""}` : `together with ${together}`;
  return `${what.trimEnd()}${by === undefined ? "" : ` by ${by}`}`;
}

export function spreadText({ by, of, max_skew }: SpreadRule): string {
  const whom = of === undefined ? "" : ` with ${of}`;
  return `spread by ${by ?? "cluster"}${whom}, skew ${max_skew}`;
}
