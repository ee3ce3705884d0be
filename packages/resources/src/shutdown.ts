import type { Application, ApplicationStatus } from "@octoplane/kinds/application";
import { conditionOf, setCondition, type Finding } from "@octoplane/kinds/condition";

/**
 * The condition `Shutdown` of an application, as requests change it (contract section 1.4, "Complete", "Shutdown", "Retry").
 * Unknown: it was asked to get ready and has not answered; True: it is ready; False: it did not answer and was left as it is.
 * Pure.
 */

/** The application has said itself that it is done, or ready. */
export function readyForAction(
  app: Application,
  reason: "Completed" | "ShutDown",
  now: string,
): ApplicationStatus {
  const message =
    reason === "Completed" ? "the application is done" : "the application is ready to be shut down";
  return withShutdown(app, { status: "True", reason, message }, now);
}

/** An answer that nobody waits for changes nothing: `undefined`. */
export function shutdownAnswered(app: Application, now: string): ApplicationStatus | undefined {
  const shutdown = conditionOf(app.status.conditions, "Shutdown");
  if (shutdown === undefined || shutdown.status === "True") return undefined;
  return readyForAction(app, "ShutDown", now);
}

/** `undefined` when no shutdown has failed. */
export function shutdownRetried(app: Application, now: string): ApplicationStatus | undefined {
  if (app.status.state !== "DEGRADED") return undefined;
  if (conditionOf(app.status.conditions, "Shutdown")?.status !== "False") return undefined;
  const message = "the application is asked once more to get ready";
  return withShutdown(app, { status: "Unknown", reason: "Retried", message }, now);
}

function withShutdown(
  { metadata, status }: Application,
  finding: Pick<Finding, "status" | "reason" | "message">,
  now: string,
): ApplicationStatus {
  const { generation: observed_generation } = metadata;
  const shutdown = { type: "Shutdown", ...finding, observed_generation };
  return {
    ...status,
    shutdown_grace_period: null,
    conditions: [...setCondition(status.conditions, shutdown, now)],
  };
}
