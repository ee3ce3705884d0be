import type { AnyResource } from "@octoplane/kinds/kind";
import { usageError } from "../exit-status.ts";

/** The states that `--wait` knows, and when an object is there. Pure. */

export type Goal = (typeof goals)[number];

const goals = [
  "pending",
  "creating",
  "running",
  "completed",
  "reconciling",
  "online",
  "deleting",
  "deleted",
] as const;

/** What a kind with a state has. */
export interface Stateful extends AnyResource {
  readonly status: {
    readonly state: string;
    readonly reason: { readonly code: string; readonly message: string } | null;
    readonly observed_generation: number;
    readonly conditions: readonly {
      readonly status: string;
      readonly observed_generation: number;
    }[];
    readonly [field: string]: unknown;
  };
}

/**
 * The goal that a bare `--wait` or a named state stands for; only some make sense for a command.
 */
export function readGoal(text: string, allowed: readonly Goal[]): Goal {
  if (text === "") return allowed[0]!;
  const goal = allowed.find((candidate) => candidate === text.toLowerCase());
  if (goal) return goal;
  throw usageError(`--wait: expected one of ${allowed.join(", ")}, found ${text}`);
}

export function reachedGoal(goal: Goal, object: Stateful | undefined, generation: number): boolean {
  if (goal === "deleted") return object === undefined;
  if (!object) return goal === "deleting";
  const { state, observed_generation: observed } = object.status;
  const isCurrent = observed >= generation;
  switch (goal) {
    case "pending":
      return true;
    case "creating":
      return !["PENDING", "FAILED", "DEGRADED"].includes(state);
    case "running":
      // What has run to its end has been running.
      return isCurrent && (state === "RUNNING" || state === "COMPLETED");
    case "completed":
      return isCurrent && state === "COMPLETED";
    case "reconciling":
      return isCurrent || state === "RECONCILING" || state === "MIGRATING";
    case "online":
      return isCurrent && state === "ONLINE";
    case "deleting":
      return object.metadata.deleted !== null;
  }
}

/** Why this generation will not get anywhere, if it will not: waiting longer would not help. */
export function conditionProblem({ status }: Stateful, generation: number): string | undefined {
  const isAboutThis = status.conditions.some(
    (condition) => condition.status === "False" && condition.observed_generation >= generation,
  );
  if (status.state !== "FAILED" || !isAboutThis) return undefined;
  return status.reason?.message ?? "it is FAILED";
}
