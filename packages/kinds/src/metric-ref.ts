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

/** The metrics as the cell of a table, one a line. */
export function metricLines(metrics: readonly MetricRef[]): readonly string[] {
  return metrics.map((metric) => `${metric.name}: ${metric.weight}`);
}
