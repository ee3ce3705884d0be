import { prepareExpression } from "../prepared-expression.ts";
import type { Filter } from "../filter.ts";

/** Every expression is true. What cannot be worked out (a label that is not there) is a refusal that says why. */
export const expressionsFilter: Filter = {
  name: "expressions",
  followsMetrics: true,
  prepare(app) {
    const texts = app.spec.constraints.cluster.expressions ?? [];
    if (texts.length === 0) return undefined;
    const expressions = texts.map((text) => ({ text, holdsFor: prepareExpression(text) }));
    return (candidate) => {
      for (const { text, holdsFor } of expressions) {
        const outcome = holdsFor(candidate);
        if (outcome.holds) continue;
        return outcome.problem === undefined
          ? { reason: "ExpressionFalse", message: `"${text}" is false` }
          : {
              reason: "ExpressionUnknown",
              message: `"${text}" cannot be worked out: ${outcome.problem}`,
            };
      }
      return undefined;
    };
  },
};
