import { conditionOf, type Condition } from "./condition.ts";
import type { DerivedState } from "./kind.ts";

/**
 * `status.state` and `status.reason` of a cluster, from its conditions. The one place where they are made.
 *
 * Conditions and their owners:
 * - `Reachable` (cluster controller): False after several lost probes; one alone changes nothing.
 * - `NodesReady` (cluster controller): False when less than half of the nodes are ready.
 * - `NoPressure` (cluster controller): False when more than half of the nodes are under pressure.
 * - `MetricsAvailable` (scheduler): False when a metric that the cluster names has no usable value.
 * - `Scheduled` (scheduler, or a binding by request): False with the reason why no cloud fits one that is to be made.
 * - `Provisioned` (who makes clusters on clouds): False when it could not be made.
 * - `Unused`, `Retiring` (scheduler): True of one that was made for an application, before it is deleted. They make no state.
 */
export function clusterState(cluster: {
  readonly status: { readonly conditions: readonly Condition[] };
}): DerivedState {
  const { conditions } = cluster.status;
  const reachable = conditionOf(conditions, "Reachable");
  if (!reachable) return unmade(conditions);
  const ladder = [
    { condition: reachable, state: "OFFLINE" },
    { condition: conditionOf(conditions, "NodesReady"), state: "NOTREADY" },
    { condition: conditionOf(conditions, "NoPressure"), state: "UNHEALTHY" },
    { condition: conditionOf(conditions, "MetricsAvailable"), state: "FAILING_METRICS" },
  ];
  for (const { condition, state } of ladder) {
    if (condition?.status === "False") {
      return { state, reason: { code: condition.reason, message: condition.message } };
    }
  }
  return { state: "ONLINE", reason: null };
}

/** Nothing answers yet: a cluster that is to be made, or one that was just registered. FAILED ends with its cause. */
function unmade(conditions: readonly Condition[]): DerivedState {
  const failed = ["Scheduled", "Provisioned"]
    .map((type) => conditionOf(conditions, type))
    .find((condition) => condition?.status === "False");
  if (!failed) return { state: "PENDING", reason: null };
  return { state: "FAILED", reason: { code: failed.reason, message: failed.message } };
}
