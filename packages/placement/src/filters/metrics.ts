import {
  metricSatisfies,
  parseMetricConstraint,
  type MetricConstraint,
} from "@octoplane/kinds/metric-constraint";
import type { Check, Filter } from "../filter.ts";

export const metricsFilter: Filter = {
  name: "metrics",
  followsMetrics: true,
  prepare: (app) => metricsCheck(app.spec.constraints.cluster.metrics),
};

/** Every metric constraint holds. A metric that the cluster does not name, or that cannot be read, is a refusal. */
export function metricsCheck(texts: readonly string[] | null): Check {
  const constraints: {
    readonly text: string;
    readonly constraint: MetricConstraint | undefined;
  }[] = [];
  for (const text of texts ?? []) {
    const parsed = parseMetricConstraint(text);
    constraints.push({ text, constraint: parsed.ok ? parsed.constraint : undefined });
  }
  return (candidate) => {
    for (const { text, constraint } of constraints) {
      if (!constraint)
        return { reason: "ConstraintUnreadable", message: `"${text}" does not parse` };
      const value = candidate.values.get(constraint.metric);
      if (value === undefined) {
        const message = `"${text}" wants a value of ${constraint.metric}, and there is none`;
        return { reason: "MetricMissing", message };
      }
      if (!metricSatisfies(constraint, value)) {
        const message = `"${text}" does not hold: ${constraint.metric} is ${value}`;
        return { reason: "MetricMismatch", message };
      }
    }
    return undefined;
  };
}
