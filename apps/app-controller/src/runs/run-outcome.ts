import { factsOf, listOf, type Facts } from "@octoplane/kinds/manifest-facts";
import type { KubeObject } from "@octoplane/kube/kube";
import { textOf } from "@octoplane/shared/text-of";

/** How a Job has come to its end. */
export interface RunOutcome {
  readonly reason: "Completed" | "Failed";
  readonly message: string;
  /** When it ended, as the cluster says it. */
  readonly ended: string | undefined;
}

/** `undefined` while the Job is under way: only these two conditions are final (batch/v1, "Job termination"). Pure. */
export function outcomeOf(job: KubeObject): RunOutcome | undefined {
  const conditions = listOf(factsOf(job["status"])["conditions"]);
  const last = conditions.find(
    ({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"),
  );
  if (last === undefined) return undefined;
  const words = [last["reason"], last["message"]].filter(isWord).join(": ");
  const at = last["lastTransitionTime"];
  return {
    reason: last["type"] === "Complete" ? "Completed" : "Failed",
    message: words,
    ended: isWord(at) ? at : undefined,
  };
}

function isWord(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** When the Job began, as the cluster says it. */
export function startOf(job: KubeObject): string | undefined {
  const { startTime } = factsOf(job["status"]);
  return typeof startTime === "string" ? startTime : undefined;
}

/** The Pod whose end tells most: the last one that was made. Pure. */
export function lastPod(pods: readonly KubeObject[]): KubeObject | undefined {
  return pods.toSorted((a, b) => createdAt(a) - createdAt(b)).at(-1);
}

function createdAt({ metadata }: KubeObject): number {
  return Date.parse(textOf(metadata["creationTimestamp"])) || 0;
}

/** What the process of a container ended with; `undefined` while it has not. Pure. */
export function exitCodeOf(pod: KubeObject, container: string): number | undefined {
  const status = listOf(factsOf(pod["status"])["containerStatuses"]).find(
    ({ name }) => name === container,
  );
  const ended = (state: unknown): Facts => factsOf(factsOf(state)["terminated"]);
  const { exitCode } = { ...ended(status?.["lastState"]), ...ended(status?.["state"]) };
  return typeof exitCode === "number" ? exitCode : undefined;
}
