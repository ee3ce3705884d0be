import { conditionOf, type Condition } from "./condition.ts";
import type { DerivedState } from "./kind.ts";

/**
 * `status.state` and `status.reason` of a run, from its conditions. The one place where they are made.
 *
 * Conditions, all of the application controller:
 * - `Started`: Unknown while it waits for something, True when its Job stands, False when it never will.
 * - `Finished`: True with the reason `Completed` or `Failed`.
 */
export function runState(run: {
  readonly metadata: { readonly deleted: string | null };
  readonly status: { readonly conditions: readonly Condition[] };
}): DerivedState {
  const { conditions } = run.status;
  if (run.metadata.deleted !== null) return { state: "DELETING", reason: null };
  const finished = conditionOf(conditions, "Finished");
  if (finished?.status === "True") {
    return finished.reason === "Completed"
      ? { state: "COMPLETED", reason: null }
      : { state: "FAILED", reason: why(finished) };
  }
  const started = conditionOf(conditions, "Started");
  if (started?.status === "True") return { state: "RUNNING", reason: null };
  if (started?.status === "False") return { state: "FAILED", reason: why(started) };
  return { state: "PENDING", reason: started === undefined ? null : why(started) };
}

function why({ reason, message }: Condition): { readonly code: string; readonly message: string } {
  return { code: reason, message };
}
