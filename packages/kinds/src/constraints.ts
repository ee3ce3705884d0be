import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { parseClusterExpression } from "./cluster-expression.ts";
import { pointAt, quoted } from "./constraint-text.ts";
import { neverTrue } from "./constraints-never.ts";
import { parseLabelConstraint } from "./label-constraint.ts";
import { parseMetricConstraint } from "./metric-constraint.ts";

/** The constraints of an application on its cluster, or of a cluster on its cloud: as they are written. */
interface ConstraintTexts {
  readonly labels: readonly string[] | null;
  readonly metrics: readonly string[] | null;
}

/** A wish: it never excludes a cluster, and counts in the score of those that fulfil it. */
export const PreferenceSchema = Type.Object(
  {
    weight: Type.Integer({ minimum: 1, maximum: 100 }),
    labels: Type.Optional(
      Type.String({ maxLength: limits.preferenceCharsMax, description: "a label constraint" }),
    ),
    metrics: Type.Optional(
      Type.String({ maxLength: limits.preferenceCharsMax, description: "a metric constraint" }),
    ),
    expression: Type.Optional(
      Type.String({ maxLength: limits.preferenceCharsMax, description: "an expression" }),
    ),
  },
  { additionalProperties: false, description: "one of labels, metrics and expression" },
);
export type Preference = Static<typeof PreferenceSchema>;

export const preferredField = Type.Optional(
  Type.Array(PreferenceSchema, { maxItems: limits.preferencesMax }),
);

export const expressionsField = Type.Optional(
  Type.Array(Type.String({ maxLength: limits.expressionCharsMax }), {
    maxItems: limits.expressionsMax,
    description: "expressions (CEL) over labels, metrics and cluster, all of which must be true",
  }),
);

const groups = {
  labels: { title: "Invalid label constraint", parse: parseLabelConstraint },
  metrics: { title: "Invalid metric constraint", parse: parseMetricConstraint },
} as const;

/** Every constraint that does not parse, with a caret below the character. */
export function checkConstraints(field: string, texts: ConstraintTexts): readonly FieldProblem[] {
  return (["labels", "metrics"] as const).flatMap((name) =>
    (texts[name] ?? []).flatMap((text, index) =>
      checkText(name, `${field}.${name}[${index}]`, text),
    ),
  );
}

/** The same for preferences, each of which has one of the two. */
export function checkPreferences(
  field: string,
  preferences: readonly Preference[] = [],
): readonly FieldProblem[] {
  return preferences.flatMap((preference, index) => {
    const at = `${field}[${index}]`;
    const { labels, metrics, expression } = preference;
    const given = [labels, metrics, expression].filter((text) => text !== undefined);
    if (given.length !== 1) {
      return [{ field: at, message: "expected one of labels, metrics and expression" }];
    }
    if (expression !== undefined) return checkExpression(`${at}.expression`, expression);
    return labels === undefined
      ? checkText("metrics", `${at}.metrics`, metrics ?? "")
      : checkText("labels", `${at}.labels`, labels);
  });
}

/** Every expression that does not parse, names what there is not, or gives no truth value. */
export function checkExpressions(
  field: string,
  texts: readonly string[] = [],
): readonly FieldProblem[] {
  return texts.flatMap((text, index) => checkExpression(`${field}[${index}]`, text));
}

/** On one line: an expression may have several of its own, and a caret would stand below the wrong one. */
function checkExpression(field: string, text: string): readonly FieldProblem[] {
  const parsed = parseClusterExpression(text);
  if (parsed.ok) return [];
  const { at, message } = parsed;
  const rest = text.slice(at, at + nearChars);
  const near = rest === "" ? "the end" : quoted(rest);
  return [{ field, message: `Invalid expression: ${message}, at character ${at + 1}: ${near}` }];
}

const nearChars = 40;

function expressionsNever(texts: readonly string[] = []): readonly string[] {
  return texts.flatMap((text) => {
    const parsed = parseClusterExpression(text);
    if (!parsed.ok || !parsed.constraint.isNeverTrue) return [];
    return [`${quoted(text)} is never true: nothing will ever fit`];
  });
}

/** What can never be true, for people: preferences each by itself. Pure. */
export function warnOfConstraints(
  texts: ConstraintTexts & {
    readonly preferred?: readonly Preference[];
    readonly expressions?: readonly string[];
  },
): readonly string[] {
  const wishes = (texts.preferred ?? []).flatMap(({ labels, metrics, expression }) =>
    [
      ...neverTrue({
        labels: labels === undefined ? null : [labels],
        metrics: metrics === undefined ? null : [metrics],
      }),
      ...expressionsNever(expression === undefined ? [] : [expression]),
    ].map((text) => text.replace("nothing will ever fit", "it never counts")),
  );
  return [...neverTrue(texts), ...expressionsNever(texts.expressions), ...wishes];
}

/** One label constraint in a field of its own. */
export function checkLabelConstraint(field: string, text: string): readonly FieldProblem[] {
  return checkText("labels", field, text);
}

function checkText(
  name: keyof typeof groups,
  field: string,
  text: string,
): readonly FieldProblem[] {
  const parsed = groups[name].parse(text);
  if (parsed.ok) return [];
  return [{ field, message: `${groups[name].title}: ${pointAt(text, parsed)}` }];
}
