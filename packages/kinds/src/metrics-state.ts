import { Type } from "typebox";
import { conditionOf, ConditionSchema, type Condition } from "./condition.ts";
import { eventCount } from "./event.ts";
import type { DerivedState } from "./kind.ts";
import { nullable, ReasonSchema } from "./metadata.ts";

/** The status of what applications or clusters are placed by its metrics, and nothing else: clouds and projects. */
export const MetricsStatusSchema = Type.Object(
  {
    state: Type.String({ default: "ONLINE" }),
    reason: nullable(ReasonSchema),
    conditions: Type.Array(ConditionSchema, { default: [] }),
    events: eventCount,
    metrics_reasons: Type.Record(Type.String(), ReasonSchema, { default: {} }),
  },
  { additionalProperties: false },
);

/** What Krake's clients do not know of such a status. */
export const metricsStatusAdditions = [
  ["status", "conditions"],
  ["status", "events"],
  ["status", "reason"],
] as const;

/**
 * `status.state` of a cloud or a project: ONLINE, unless the scheduler has found (condition `MetricsAvailable`) that a metric
 * which it names has no usable value.
 */
export function metricsState({
  status,
}: {
  readonly status: { readonly conditions: readonly Condition[] };
}): DerivedState {
  const metrics = conditionOf(status.conditions, "MetricsAvailable");
  if (metrics?.status !== "False") return { state: "ONLINE", reason: null };
  return { state: "FAILING_METRICS", reason: { code: metrics.reason, message: metrics.message } };
}
