import type { KindClient, Ref } from "@octoplane/client/client";
import { waitFor } from "@octoplane/client/wait-for";
import { conditionProblem, reachedGoal, type Goal, type Stateful } from "./goal.ts";
import { exitStatus } from "../exit-status.ts";
import type { Session } from "../session.ts";
import { oneLine } from "../output/terminal-text.ts";

export interface Waiting {
  readonly ref: Ref;
  readonly goal: Goal;
  readonly timeoutMs: number;
  /** The object that is waited for; another one of the same name is not it. */
  readonly uid: string;
  /** States before this generation do not count. */
  readonly generation: number;
}

/**
 * Waits until the object is where it shall be, telling each state on the way. Gives the exit status
 * and the last state; an object that is FAILED, or gone while it should be there, will not get
 * there any more. `Timeout` when it takes too long.
 */
export async function waitForState<R extends Stateful>(
  session: Session,
  objects: KindClient<R>,
  waiting: Waiting,
): Promise<{ readonly status: number; readonly last: R | undefined }> {
  const { ref, goal, uid, generation } = waiting;
  let told = "";
  let problem: string | undefined;
  let last: R | undefined;
  const say = (text: string): void => {
    if (text !== told) session.note((told = text));
  };
  const isOver = (found: R | undefined): boolean => {
    const object = found?.metadata.uid === uid ? found : undefined;
    last = object ?? last;
    say(object ? progressOf(object) : `${ref.name}: gone`);
    if (reachedGoal(goal, object, generation)) return true;
    problem = object ? conditionProblem(object, generation) : "it was deleted";
    return problem !== undefined && goal !== "deleted";
  };
  try {
    await waitFor(objects, ref, isOver, {
      timeoutMs: waiting.timeoutMs,
      onTrouble: (error) => say(`${ref.name}: ${oneLine(error.message)}; trying again`),
    });
  } catch (error) {
    if (told !== "" && error instanceof Error) error.message += `; last seen: ${told}`;
    throw error;
  }
  if (goal === "deleted") return { status: exitStatus.ok, last: last && gone(last) };
  if (problem === undefined) return { status: exitStatus.ok, last };
  session.note(`rok: ${ref.name} does not get ${goal}: ${oneLine(problem)}`);
  return { status: exitStatus.failed, last };
}

/** As the server answers who waits for the end: the last that was seen of it was its deletion under way. */
function gone<R extends Stateful>(last: R): R {
  return { ...last, status: { ...last.status, state: "DELETED" } };
}

function progressOf({ metadata, status }: Stateful): string {
  const reason = status.reason ? ` (${oneLine(status.reason.message)})` : "";
  return `${metadata.name}: ${oneLine(status.state)}${reason}`;
}
