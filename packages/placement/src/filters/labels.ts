import { isMissing, labelFacts } from "@octoplane/kinds/label-constraint-words";
import type { Check, Filter, Refusal } from "../filter.ts";
import { prepareLabels, type PreparedLabels } from "../prepared-labels.ts";

export const labelsFilter: Filter = {
  name: "labels",
  prepare: (app) => labelsCheck(app.spec.constraints.cluster.labels),
};

/** Every label constraint holds. */
export function labelsCheck(texts: readonly string[] | null): Check {
  const constraints = (texts ?? []).map(prepareLabels);
  return ({ labels }) => {
    for (const constraint of constraints) {
      if (!constraint.holds(labels)) return new LabelRefusal(constraint, labels);
    }
    return undefined;
  };
}

/** Says why only when somebody asks: most clusters of a large fleet are refused by their labels, and few are told of. */
class LabelRefusal implements Refusal {
  readonly #prepared: PreparedLabels;
  readonly #labels: Readonly<Record<string, string>>;

  constructor(prepared: PreparedLabels, labels: Readonly<Record<string, string>>) {
    this.#prepared = prepared;
    this.#labels = labels;
  }

  get reason(): string {
    const { constraint } = this.#prepared;
    if (!constraint) return "ConstraintUnreadable";
    return isMissing(constraint, this.#labels) ? "LabelMissing" : "LabelMismatch";
  }

  get message(): string {
    const { text, constraint } = this.#prepared;
    if (!constraint) return `"${text}" does not parse`;
    if (!("parts" in constraint) && isMissing(constraint, this.#labels)) {
      return `"${text}" wants a label ${constraint.key}, and there is none`;
    }
    return `"${text}" does not hold: ${labelFacts(constraint, this.#labels)}`;
  }
}
