import {
  labelsSatisfy,
  parseLabelConstraint,
  type LabelConstraint,
} from "@octoplane/kinds/label-constraint";
import { isMissing, labelFacts } from "@octoplane/kinds/label-constraint-words";
import type { Filter } from "../filter.ts";

/** Every label constraint holds. */
export const labelsFilter: Filter = {
  name: "labels",
  prepare(app) {
    const constraints: {
      readonly text: string;
      readonly constraint: LabelConstraint | undefined;
    }[] = [];
    for (const text of app.spec.constraints.cluster.labels ?? []) {
      const parsed = parseLabelConstraint(text);
      constraints.push({ text, constraint: parsed.ok ? parsed.constraint : undefined });
    }
    return ({ labels }) => {
      for (const { text, constraint } of constraints) {
        if (!constraint)
          return { reason: "ConstraintUnreadable", message: `"${text}" does not parse` };
        if (labelsSatisfy(constraint, labels)) continue;
        if (!("parts" in constraint) && isMissing(constraint, labels)) {
          return {
            reason: "LabelMissing",
            message: `"${text}" wants a label ${constraint.key}, and there is none`,
          };
        }
        return {
          reason: isMissing(constraint, labels) ? "LabelMissing" : "LabelMismatch",
          message: `"${text}" does not hold: ${labelFacts(constraint, labels)}`,
        };
      }
      return undefined;
    };
  },
};
