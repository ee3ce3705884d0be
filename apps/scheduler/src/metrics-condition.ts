import {
  conditionOf,
  dropCondition,
  setCondition,
  type Condition,
} from "@octoplane/kinds/condition";
import type { Reason } from "@octoplane/kinds/metadata";
import type { MetricReading } from "@octoplane/placement/candidate";

/** The status of a cluster, a cloud or a project, as far as metrics make it. */
export interface StatusOfMetrics {
  readonly conditions: readonly Condition[];
  readonly metrics_reasons: Readonly<Record<string, Reason>>;
}

/**
 * The status with what is known of the metrics, or `undefined` when that is written there already, or when one of them is
 * still asked for the first time: a status says nothing that is over in a moment. Pure.
 */
export function withMetricsCondition<S extends StatusOfMetrics>(
  holder: { readonly status: S; readonly generation: number },
  readings: readonly MetricReading[],
  now: string,
): S | undefined {
  const { status, generation } = holder;
  if (readings.some((reading) => !reading.ok && reading.isPending === true)) return undefined;
  const failing = readings.filter((reading) => !reading.ok);
  const first = failing[0];
  const conditions =
    readings.length === 0
      ? dropCondition(status.conditions, "MetricsAvailable")
      : setCondition(
          status.conditions,
          {
            type: "MetricsAvailable",
            status: first ? "False" : "True",
            reason: first ? first.code : "Fetched",
            message: first ? failing.map(({ message }) => message).join("; ") : "",
            observed_generation: generation,
          },
          now,
        );
  const reasons = Object.fromEntries(
    failing.map(({ name, code, message }) => [name, { code, message }]),
  );
  const written = [conditionOf(status.conditions, "MetricsAvailable"), status.metrics_reasons];
  const found = [conditionOf(conditions, "MetricsAvailable"), reasons];
  if (withoutAges(written) === withoutAges(found)) return undefined;
  return { ...status, conditions: [...conditions], metrics_reasons: reasons };
}

/** As text. A value that grows old is no news with every second; the times of transition follow from the rest. */
function withoutAges(facts: unknown): string {
  return JSON.stringify(facts).replaceAll(/\b\d+ s old/g, "old");
}
