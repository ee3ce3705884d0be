import type { Cluster } from "../cluster.ts";
import { isMap, listAt, type JsonMap } from "../json.ts";
import { kubeTime } from "../kube-time.ts";

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
}

/**
 * The conditions with one of them set. The transition time moves only when the status does;
 * `withUpdate` adds `lastUpdateTime`, as Deployments have it.
 */
export function setCondition(
  cluster: Cluster,
  conditions: readonly JsonMap[],
  change: { readonly condition: Condition; readonly withUpdate?: boolean },
): readonly JsonMap[] {
  const { condition, withUpdate = false } = change;
  const old = conditions.find((entry) => entry["type"] === condition.type);
  const now = kubeTime(cluster.clock);
  if (
    old !== undefined &&
    old["status"] === condition.status &&
    old["reason"] === condition.reason &&
    old["message"] === condition.message
  ) {
    return conditions;
  }
  const changedAt =
    old !== undefined && old["status"] === condition.status ? old["lastTransitionTime"] : now;
  const next: JsonMap = {
    ...condition,
    lastTransitionTime: changedAt,
    ...(withUpdate ? { lastUpdateTime: now } : {}),
  };
  return old === undefined
    ? [...conditions, next]
    : conditions.map((entry) => (entry === old ? next : entry));
}

export function conditionsOf(object: unknown): readonly JsonMap[] {
  return listAt(object, "status", "conditions");
}

export function hasCondition(object: unknown, type: string, status = "True"): boolean {
  return conditionsOf(object).some(
    (entry) => isMap(entry) && entry["type"] === type && entry["status"] === status,
  );
}
