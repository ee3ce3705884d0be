import type { Health } from "./health.ts";
import type { PodTrouble } from "./pod-trouble.ts";

/** What workloads say of themselves when it is their Pods that know why. */
const vagueReasons = new Set([
  "NotObserved",
  "RollingOut",
  "NotReady",
  "NotStarted",
  "Retrying",
  "Unschedulable",
  "ProgressDeadlineExceeded",
]);

/** Whether the Pods of an object may know more of it than it says itself. Pure. */
export function isSick({ status, pods }: Health): boolean {
  return pods !== undefined && (status === "progressing" || status === "degraded");
}

/**
 * The health of a workload with what is wrong with one of its Pods. How bad it is, the workload tells: a Pod that cannot have its
 * image may yet get it within the time of grace. A reason of its own that says something (`BackoffLimitExceeded`) stays. Pure.
 */
export function explainedHealth(health: Health, trouble: PodTrouble | undefined): Health {
  if (trouble === undefined) return health;
  const reason = vagueReasons.has(health.reason) ? trouble.reason : health.reason;
  const said = health.message.includes(trouble.message) ? "" : trouble.message;
  return {
    ...health,
    reason,
    message: [health.message, said].filter((one) => one !== "").join("; "),
  };
}
