import {
  parseClusterExpression,
  type ClusterExpression,
  type ExpressionInput,
  type ExpressionOutcome,
} from "@octoplane/kinds/cluster-expression";
import { limits } from "@octoplane/shared/limits";
import type { Candidate } from "./candidate.ts";
import { LatestKept } from "./latest-kept.ts";

/** Says whether an expression is true of a candidate, and why it could not be worked out. */
export type PreparedExpression = (candidate: Candidate) => ExpressionOutcome;

/** An expression and a candidate never change, so neither does what the one says of the other. */
const prepared = new LatestKept(limits.expressionsKeptMax, makeReady);
const inputs = new WeakMap<Candidate, ExpressionInput>();

/** An expression, ready for many candidates. What does not parse is never true: it was refused when it was written. */
export function prepareExpression(text: string): PreparedExpression {
  return prepared.of(text);
}

function makeReady(text: string): PreparedExpression {
  const parsed = parseClusterExpression(text);
  if (!parsed.ok) return () => ({ holds: false, problem: `it does not parse: ${parsed.message}` });
  const expression: ClusterExpression = parsed.constraint;
  const outcomes = new WeakMap<Candidate, ExpressionOutcome>();
  return (candidate) => {
    let outcome = outcomes.get(candidate);
    if (!outcome) {
      outcome = expression.evaluate(inputOf(candidate));
      outcomes.set(candidate, outcome);
    }
    return outcome;
  };
}

function inputOf(candidate: Candidate): ExpressionInput {
  let input = inputs.get(candidate);
  if (!input) {
    const { name, namespace, version, capacity, labels, values, customResources } = candidate;
    input = {
      labels,
      metrics: values,
      cluster: {
        name,
        namespace,
        ...(version === undefined ? {} : { version }),
        ...capacity,
        custom_resources: [...customResources],
      },
    };
    inputs.set(candidate, input);
  }
  return input;
}
