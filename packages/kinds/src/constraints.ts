import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { pointAt } from "./constraint-text.ts";
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
  },
  { additionalProperties: false, description: "one of labels and metrics" },
);
export type Preference = Static<typeof PreferenceSchema>;

export const preferredField = Type.Optional(
  Type.Array(PreferenceSchema, { maxItems: limits.preferencesMax }),
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
    const { labels, metrics } = preference;
    if ((labels === undefined) === (metrics === undefined)) {
      return [{ field: at, message: "expected one of labels and metrics" }];
    }
    return labels === undefined
      ? checkText("metrics", `${at}.metrics`, metrics ?? "")
      : checkText("labels", `${at}.labels`, labels);
  });
}

/** What can never be true, for people: preferences each by itself. Pure. */
export function warnOfConstraints(
  texts: ConstraintTexts & { readonly preferred?: readonly Preference[] },
): readonly string[] {
  const wishes = (texts.preferred ?? []).flatMap(({ labels, metrics }) =>
    neverTrue({
      labels: labels === undefined ? null : [labels],
      metrics: metrics === undefined ? null : [metrics],
    }).map((text) => text.replace("nothing will ever fit", "it never counts")),
  );
  return [...neverTrue(texts), ...wishes];
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
