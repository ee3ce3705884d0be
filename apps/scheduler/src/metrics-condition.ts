import type { ClusterStatus } from "@octoplane/kinds/cluster";
import { dropCondition, setCondition } from "@octoplane/kinds/condition";
import type { MetricReading } from "@octoplane/placement/candidate";

/** The cluster's status with what is known of its metrics, or `undefined` when that is written there already. Pure. */
export function withMetricsCondition(
  cluster: { readonly status: ClusterStatus; readonly generation: number },
  readings: readonly MetricReading[],
  now: string,
): ClusterStatus | undefined {
  const { status, generation } = cluster;
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
  const sameReasons = JSON.stringify(reasons) === JSON.stringify(status.metrics_reasons);
  if (conditions === status.conditions && sameReasons) return undefined;
  return { ...status, conditions: [...conditions], metrics_reasons: reasons };
}
