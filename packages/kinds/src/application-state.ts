import type { DerivedState } from "./kind.ts";
import { conditionOf, type Condition } from "./condition.ts";
import type { Metadata, Reason, ResourceRef } from "./metadata.ts";

/**
 * `status.state` and `status.reason` of an application, from its conditions. The one place where they are made.
 *
 * Conditions and their owners:
 * - `Translated` (application controller; only where the manifest is made from a template): True when it is; Unknown while that
 *   is under way or being retried; False when the template says why not.
 * - `Scheduled` (scheduler): True when a cluster is chosen; False with the reason why none is.
 * - `Applied` (application controller): True when the objects of the generation stand on the chosen cluster (also `Stopped`,
 *   when none should; `HOOK_FAILED`, when an old copy still stands because a hook before its removal has failed);
 *   Unknown while that is under way or being retried; False when it cannot succeed without a change.
 * - `Healthy` (application controller): True (also `Idle` and `Completed`), or False: `Starting` before it was ever
 *   healthy, `Updating` after a change, else the first thing that is wrong.
 * - `Shutdown` (who asks an application to get ready, and the routes by which it answers): Unknown while it has not
 *   answered, True when it is ready, False when it did not answer and was left as it is. It goes when it was acted on.
 * - `Deleting` (application controller): True while the objects are being removed; False when that is stuck.
 */
export interface StateInput {
  readonly metadata: Pick<Metadata, "deleted" | "generation">;
  readonly spec: { readonly backoff_limit: number };
  readonly status: {
    readonly conditions: readonly Condition[];
    readonly scheduled_to: ResourceRef | null;
    readonly running_on: ResourceRef | null;
    /** `generation` is the last one that was applied in full; 0 for none yet. */
    readonly copies: readonly { readonly generation: number }[];
  };
}

/** The reason of `Scheduled` while a cluster is made for the application. */
export const waitingForCluster = "WaitingForCluster";

/** The reason of `Applied` and of an application when a hook has failed. */
export const hookFailed = "HOOK_FAILED";

export function applicationState(app: StateInput): DerivedState {
  const { conditions } = app.status;
  if (app.metadata.deleted !== null) {
    const deleting = conditionOf(conditions, "Deleting");
    const closing = deleting === undefined ? shuttingDown(conditions) : undefined;
    return (
      closing ?? {
        state: "DELETING",
        reason: deleting?.status === "False" ? reasonOf(deleting) : null,
      }
    );
  }
  const closing = shuttingDown(conditions);
  if (closing !== undefined) return closing;
  const stopped = stoppedState(conditions);
  if (stopped !== undefined) return stopped;
  const translating = translationState(conditions);
  if (translating !== undefined) return translating;
  const scheduled = conditionOf(conditions, "Scheduled");
  const runs = app.status.copies.some(({ generation }) => generation > 0);
  if (!scheduled) return { state: "PENDING", reason: null };
  if (scheduled.status === "False") return unplaced(app, scheduled);
  const applied = conditionOf(conditions, "Applied");
  const moving =
    app.status.running_on !== null && !same(app.status.running_on, app.status.scheduled_to);
  if (applied?.status === "False") {
    // Something was refused; the rest may do its work all the same.
    return { state: serves(conditions) ? "DEGRADED" : "FAILED", reason: reasonOf(applied) };
  }
  const current = applied?.observed_generation === app.metadata.generation;
  if (applied?.status !== "True" || !current || moving) {
    return { state: underWay({ moving, runs }), reason: troubleOf(applied) };
  }
  return settled(conditions, applied);
}

/** What a graceful shutdown, before a deletion or a move, has come to; `undefined` when there is none. */
function shuttingDown(conditions: readonly Condition[]): DerivedState | undefined {
  const shutdown = conditionOf(conditions, "Shutdown");
  if (shutdown === undefined) return undefined;
  if (shutdown.status === "True") return { state: "READY_FOR_ACTION", reason: null };
  if (shutdown.status === "Unknown") return { state: "WAITING_FOR_CLEANING", reason: null };
  return { state: "DEGRADED", reason: reasonOf(shutdown) };
}

/** What should stand is not known yet, or cannot be: before that nobody decides and nothing is applied. */
function translationState(conditions: readonly Condition[]): DerivedState | undefined {
  const translated = conditionOf(conditions, "Translated");
  if (translated === undefined || translated.status === "True") return undefined;
  if (translated.status === "Unknown") {
    return { state: "TRANSLATING", reason: troubleOf(translated) };
  }
  // What stands from before goes on.
  return { state: serves(conditions) ? "DEGRADED" : "FAILED", reason: reasonOf(translated) };
}

/** Nothing runs, on purpose. Krake's clients know no word for it: like one that has not begun, with a reason that says so. */
function stoppedState(conditions: readonly Condition[]): DerivedState | undefined {
  const applied = conditionOf(conditions, "Applied");
  if (applied?.status !== "True" || applied.reason !== "Stopped") return undefined;
  return { state: "PENDING", reason: reasonOf(applied) };
}

/**
 * No cluster fits. With unlimited attempts Krake says DEGRADED, with counted ones FAILED; neither is final here, and what
 * still serves where it is has not failed.
 */
function unplaced(app: StateInput, scheduled: Condition): DerivedState {
  if (scheduled.reason === waitingForCluster) {
    return { state: "WAITING_FOR_CLUSTER_CREATION", reason: null };
  }
  const goesOn = app.spec.backoff_limit < 0 || serves(app.status.conditions);
  return { state: goesOn ? "DEGRADED" : "FAILED", reason: reasonOf(scheduled) };
}

function underWay({ moving, runs }: { moving: boolean; runs: boolean }): string {
  if (moving) return "MIGRATING";
  return runs ? "RECONCILING" : "CREATING";
}

function settled(conditions: readonly Condition[], applied: Condition): DerivedState {
  const healthy = conditionOf(conditions, "Healthy");
  if (!healthy || healthy.reason === "Starting") return { state: "CREATING", reason: null };
  if (healthy.reason === "Updating") return { state: "RECONCILING", reason: null };
  if (healthy.status !== "True") return { state: "DEGRADED", reason: reasonOf(healthy) };
  // It is as it should be; that an old copy of it could not go, somebody has to look at.
  const leftBehind = applied.reason === hookFailed ? reasonOf(applied) : null;
  if (healthy.reason !== "Completed") return { state: "RUNNING", reason: leftBehind };
  // What removed itself because its time was up says so.
  const expired = { code: "Expired", message: healthy.message };
  return { state: "COMPLETED", reason: healthy.message === "" ? leftBehind : expired };
}

function serves(conditions: readonly Condition[]): boolean {
  return conditionOf(conditions, "Healthy")?.status === "True";
}

/** What an operation that is being retried has met. */
function troubleOf(applied: Condition | undefined): Reason | null {
  return applied === undefined || applied.message === "" ? null : reasonOf(applied);
}

function reasonOf(condition: Condition): Reason {
  return { code: condition.reason, message: condition.message };
}

function same(a: ResourceRef | null, b: ResourceRef | null): boolean {
  return a?.namespace === b?.namespace && a?.name === b?.name;
}
