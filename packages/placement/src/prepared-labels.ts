import {
  labelsSatisfy,
  parseLabelConstraint,
  type LabelConstraint,
} from "@octoplane/kinds/label-constraint";
import { limits } from "@octoplane/shared/limits";
import { LatestKept } from "./latest-kept.ts";

type Labels = Readonly<Record<string, string>>;

/** A label constraint, ready for many clusters. */
export interface PreparedLabels {
  readonly text: string;
  /** `undefined` for a text that does not parse, and so is never fulfilled: it was refused when it was written. */
  readonly constraint: LabelConstraint | undefined;
  holds(labels: Labels): boolean;
}

/** Thousands of applications ask the same, and to read it takes longer than to look at a hundred clusters. */
const prepared = new LatestKept(limits.labelConstraintsKeptMax, makeReady);

export function prepareLabels(text: string): PreparedLabels {
  return prepared.of(text);
}

function makeReady(text: string): PreparedLabels {
  const parsed = parseLabelConstraint(text);
  if (!parsed.ok) return { text, constraint: undefined, holds: () => false };
  const { constraint } = parsed;
  return { text, constraint, holds: (labels) => labelsSatisfy(constraint, labels) };
}
