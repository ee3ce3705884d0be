import { Type, type Static } from "typebox";

/** A metric that counts for a cluster, a cloud or a project, and how much. */
export const MetricRefSchema = Type.Object(
  {
    name: Type.String(),
    weight: Type.Number(),
    namespaced: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
);
export type MetricRef = Static<typeof MetricRefSchema>;

/**
 * What is odd about the weights of a holder of metrics. They are Krake's, which has no bounds for them, so they are stored all
 * the same. Pure.
 */
export function warnOfWeights(metrics: readonly MetricRef[]): readonly string[] {
  const odd = metrics.flatMap(({ name, weight }) => {
    if (weight > 0) return [];
    return weight === 0
      ? [`the weight of ${name} is 0: it counts nothing in the score`]
      : [
          `the weight of ${name} is ${weight}: scores leave the range from 0 to 1; ` +
            `where less is better, let the metric say so (direction: lower)`,
        ];
  });
  const sum = metrics.reduce((total, { weight }) => total + weight, 0);
  if (metrics.length === 0 || (sum > 0 && Number.isFinite(sum))) return odd;
  const effect = sum < 0 ? "each counts the other way round" : "the score is 0 whatever they are";
  return [...odd, `the weights of the metrics come to ${sum} together: ${effect}`];
}

/** The metrics as the cell of a table, one a line. */
export function metricLines(metrics: readonly MetricRef[]): readonly string[] {
  return metrics.map((metric) => `${metric.name}: ${metric.weight}`);
}
