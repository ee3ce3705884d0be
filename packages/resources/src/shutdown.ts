import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import {
  conditionOf,
  dropCondition,
  setCondition,
  type Condition,
  type Finding,
} from "@octoplane/kinds/condition";

/**
 * The condition `Shutdown` of an application (contract section 1.4, "Complete", "Shutdown", "Retry"), and what stands of it with
 * each copy. Unknown: it was asked to get ready and has not answered; True: it is ready; False: it did not answer and was left as
 * it is. Pure.
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

/**
 * What the answer of a copy changes, by the uid of its cluster; without one, of all that were asked. An answer that nobody waits
 * for changes nothing: `undefined`.
 */
export function shutdownAnswered(
  app: Application,
  now: string,
  clusterUid?: string,
): ApplicationStatus | undefined {
  const shutdown = conditionOf(app.status.conditions, "Shutdown");
  if (shutdown === undefined || shutdown.status === "True") return undefined;
  if (!app.status.copies.some(wasAsked)) return readyForAction(app, "ShutDown", now);
  const isMeant = (copy: Copy): boolean =>
    wasAsked(copy) && (clusterUid === undefined || copy.cluster_uid === clusterUid);
  if (!app.status.copies.some(isMeant)) return undefined;
  const copies = app.status.copies.map((copy): Copy =>
    isMeant(copy)
      ? { ...copy, shutdown: { ...copy.shutdown!, state: "ready", message: "" } }
      : copy,
  );
  return withCopies(app, { ...app.status, copies }, now);
}

/** One that was given up may answer late. */
function wasAsked({ shutdown }: Copy): boolean {
  return shutdown?.state === "asking" || shutdown?.state === "failed";
}

/** `undefined` when no shutdown has failed. */
export function shutdownRetried(app: Application, now: string): ApplicationStatus | undefined {
  if (app.status.state !== "DEGRADED") return undefined;
  if (conditionOf(app.status.conditions, "Shutdown")?.status !== "False") return undefined;
  const message = "the application is asked once more to get ready";
  const asked = withShutdown(app, { status: "Unknown", reason: "Retried", message }, now);
  const copies = asked.copies.map((copy): Copy => {
    const { shutdown, ...rest } = copy;
    return shutdown?.state === "failed" ? rest : copy;
  });
  return { ...asked, copies };
}

/** A status with the condition, and Krake's end of the grace time, that its copies come to. */
export function withCopies(
  { metadata }: Pick<Application, "metadata">,
  status: ApplicationStatus,
  now: string,
): ApplicationStatus {
  return {
    ...status,
    shutdown_grace_period: graceEnd(status.copies),
    conditions: [...shutdownConditions(status, metadata.generation, now)],
  };
}

function graceEnd(copies: readonly Copy[]): string | null {
  const ends = copies.flatMap(({ shutdown }) =>
    shutdown?.state === "asking" ? [shutdown.until] : [],
  );
  return ends.toSorted((a, b) => (a < b ? -1 : 1)).at(-1) ?? null;
}

function shutdownConditions(
  { conditions, copies }: ApplicationStatus,
  observed_generation: number,
  now: string,
): readonly Condition[] {
  // An application that is done need not be asked, and says so until it is gone.
  if (isDone(conditions)) return conditions;
  const of = (state: string) =>
    copies.find(({ shutdown }) => shutdown?.state === state)?.shutdown?.message;
  const failed = of("failed");
  const asked = of("asking");
  const set = (finding: Pick<Finding, "status" | "reason" | "message">) =>
    setCondition(conditions, { type: "Shutdown", ...finding, observed_generation }, now);
  if (failed !== undefined) {
    return set({ status: "False", reason: "SHUTDOWN_FAILED", message: failed });
  }
  if (asked !== undefined) return set({ status: "Unknown", reason: "Asked", message: asked });
  if (of("ready") === undefined) return dropCondition(conditions, "Shutdown");
  const message = "the application is ready to be shut down";
  return set({ status: "True", reason: "ShutDown", message });
}

/** True when the application has called that it is done. */
export function isDone(conditions: readonly Condition[]): boolean {
  return conditionOf(conditions, "Shutdown")?.reason === "Completed";
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
