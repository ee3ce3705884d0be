import type { FieldProblem } from "@octoplane/shared/errors";
import { pointAt } from "./constraint-text.ts";
import { parseLabelConstraint } from "./label-constraint.ts";
import { parseMetricConstraint } from "./metric-constraint.ts";

/** The constraints of an application on its cluster, or of a cluster on its cloud: as they are written. */
interface ConstraintTexts {
  readonly labels: readonly string[] | null;
  readonly metrics: readonly string[] | null;
}

/** Every constraint that does not parse, with a caret below the character. */
export function checkConstraints(field: string, texts: ConstraintTexts): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const groups = [
    { name: "labels", title: "Invalid label constraint", parse: parseLabelConstraint },
    { name: "metrics", title: "Invalid metric constraint", parse: parseMetricConstraint },
  ] as const;
  for (const { name, title, parse } of groups) {
    for (const [index, text] of (texts[name] ?? []).entries()) {
      const parsed = parse(text);
      if (parsed.ok) continue;
      const message = `${title}: ${pointAt(text, parsed)}`;
      problems.push({ field: `${field}.${name}[${index}]`, message });
    }
  }
  return problems;
}
