import type { KindLike } from "@octoplane/client/client";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { limits } from "@octoplane/shared/limits";
import { usageError } from "../exit-status.ts";
import { readGoal, type Goal, type Stateful } from "./goal.ts";
import { printOne } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { waitForState } from "./wait-for-state.ts";

/**
 * The end of a command that wrote an object: wait if that was asked for, print the object, give the
 * exit status.
 */

/** The flags `--wait` and `--timeout` as they are parsed. */
export interface WaitFlags {
  readonly wait?: string | true;
  /** Seconds. */
  readonly timeout?: number;
}

export interface Wish {
  /** `undefined`: do not wait. */
  readonly goal: Goal | undefined;
  readonly timeoutMs: number;
}

/**
 * Which of the allowed states is waited for; the first of them when none is named. Judged before
 * anything is sent.
 */
export function readWish({ wait, timeout }: WaitFlags, allowed: readonly Goal[]): Wish {
  if (wait === undefined && timeout !== undefined) {
    throw usageError("--timeout: there is no --wait to limit");
  }
  return {
    goal: wait === undefined ? undefined : readGoal(wait === true ? "" : wait, allowed),
    timeoutMs: timeout === undefined ? limits.rokWaitMs : timeout * 1_000,
  };
}

export async function finish(
  session: Session,
  kind: AnyKind & KindLike,
  written: AnyResource & { readonly status: unknown },
  { goal, timeoutMs }: Wish,
): Promise<number> {
  if (goal === undefined) {
    await printOne(session, kind, written);
    return 0;
  }
  const { namespace, name, uid, generation } = written.metadata;
  const objects = (await session.client()).of<KindLike>(kind);
  // Kinds that are waited for have a state; the type of any kind does not say so.
  const { status, last } = await waitForState(session, objects as never, {
    ref: { name, ...(namespace === null ? {} : { namespace }) },
    goal,
    uid,
    generation,
    timeoutMs,
  });
  await printOne(session, kind, (last as Stateful | undefined) ?? written);
  return status;
}
