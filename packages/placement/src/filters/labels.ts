import {
  labelsSatisfy,
  parseLabelConstraint,
  type LabelConstraint,
} from "@octoplane/kinds/label-constraint";
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
    return (candidate) => {
      for (const { text, constraint } of constraints) {
        if (!constraint)
          return { reason: "ConstraintUnreadable", message: `"${text}" does not parse` };
        if (labelsSatisfy(constraint, candidate.labels)) continue;
        const value = Object.hasOwn(candidate.labels, constraint.key)
          ? candidate.labels[constraint.key]
          : undefined;
        if (value === undefined) {
          return {
            reason: "LabelMissing",
            message: `"${text}" wants a label ${constraint.key}, and there is none`,
          };
        }
        return {
          reason: "LabelMismatch",
          message: `"${text}" does not hold: ${constraint.key} is ${value}`,
        };
      }
      return undefined;
    };
  },
};
