import type { ApplicationStatus } from "@octoplane/kinds/application";
import { hookFailed } from "@octoplane/kinds/application-state";
import { conditionOf, type Finding } from "@octoplane/kinds/condition";
import { limits } from "@octoplane/shared/limits";
import type { Observed } from "./observed.ts";
import type { Trouble } from "./trouble.ts";

/** What all objects of a copy come to together. Pure. */

/** Pods of all objects together. */
export function podTotals(observed: readonly Observed[]): ApplicationStatus["container_health"] {
  const totals = { desired_pods: 0, running_pods: 0, completed_pods: 0, failed_pods: 0 };
  for (const { health } of observed) {
    totals.desired_pods += health.pods?.desired ?? 0;
    totals.running_pods += health.pods?.running ?? 0;
    totals.completed_pods += health.pods?.completed ?? 0;
    totals.failed_pods += health.pods?.failed ?? 0;
  }
  return totals;
}

export interface HealthSummary {
  readonly finding: Omit<Finding, "observed_generation">;
  /** True when the copy does its work, so that another one may go. */
  readonly serves: boolean;
  /** How long waiting can still help before somebody is told; `undefined` when it is not waited. */
  readonly graceLeftMs: number | undefined;
}

/** For how long it has not been healthy, by what was written down, in milliseconds. */
export function unwellMs({
  status,
  now,
}: {
  readonly status: Pick<ApplicationStatus, "conditions">;
  readonly now: number;
}): number {
  const previous = conditionOf(status.conditions, "Healthy");
  return previous?.status === "False" ? now - Date.parse(previous.last_transition_time) : 0;
}

/**
 * The `Healthy` condition: the first degraded object is the reason. An object that is merely not ready makes the
 * application `Starting` or, when it was healthy before, `Updating`, until the grace time has passed.
 */
export function summarize(
  observed: readonly Observed[],
  context: {
    readonly status: Pick<ApplicationStatus, "conditions">;
    readonly now: number;
    readonly graceMs: number;
    /** True when another copy has been running until now. */
    readonly isReplacement: boolean;
  },
): HealthSummary {
  const of = (status: Observed["health"]["status"]) =>
    observed.find((object) => object.health.status === status)?.health;
  const type = "Healthy";
  const broken = of("degraded");
  if (broken) {
    const finding = {
      type,
      status: "False",
      reason: broken.reason,
      message: broken.message,
    } as const;
    return { finding, serves: false, graceLeftMs: undefined };
  }
  const late = of("progressing");
  if (late) return waiting(late, context);
  const hasWork = observed.some(({ health }) => health.pods !== undefined && !rests(health));
  const isDone =
    observed.some(({ health }) => health.status === "completed") &&
    observed.every(
      ({ health }) => health.status === "completed" || health.pods === undefined || rests(health),
    );
  const isIdle = !hasWork && observed.some(({ health }) => rests(health));
  const reason = isDone ? "Completed" : isIdle ? "Idle" : "Healthy";
  // That its time was up is another end than that its work was done.
  const ended = observed.find(({ health }) => health.status === "completed" && health.message);
  const message = isDone ? (ended?.health.message ?? "") : "";
  return {
    finding: { type, status: "True", reason, message },
    serves: true,
    graceLeftMs: undefined,
  };
}

/** On purpose: suspended, or scaled to nothing. */
function rests({ status, pods }: Observed["health"]): boolean {
  return status === "idle" || (status === "healthy" && pods?.desired === 0);
}

function waiting(
  late: { readonly reason: string; readonly message: string },
  context: Parameters<typeof summarize>[1],
): HealthSummary {
  const previous = conditionOf(context.status.conditions, "Healthy");
  const wasHealthy = previous?.status === "True" || previous?.reason === "Updating";
  const reason = wasHealthy && !context.isReplacement ? "Updating" : "Starting";
  const since =
    previous && (previous.reason === "Starting" || previous.reason === "Updating")
      ? Date.parse(previous.last_transition_time)
      : context.now;
  const gaveUp =
    previous?.status === "False" && !["Starting", "Updating"].includes(previous.reason);
  const left = since + context.graceMs - context.now;
  const isPatient = !gaveUp && left > 0;
  const finding = {
    type: "Healthy",
    status: "False",
    reason: isPatient ? reason : late.reason,
    message: late.message,
  } as const;
  return { finding, serves: false, graceLeftMs: isPatient ? left : undefined };
}

/** The `Applied` condition: refused beats retried, and the first trouble is the reason. */
export function appliedFinding(result: {
  readonly isComplete: boolean;
  readonly troubles: readonly Trouble[];
  /** What comes first; or why another copy still serves although this one stands. */
  readonly waitsFor?: { readonly reason: string; readonly message: string } | undefined;
  readonly contested?: readonly string[];
  /** Why copies that nobody needs any more stand all the same. */
  readonly leftBehind?: readonly string[];
  /** What clusters remarked of objects that they took. */
  readonly warnings?: readonly string[];
}): Omit<Finding, "observed_generation"> {
  const allRefused = result.troubles.filter(({ canPass }) => !canPass);
  // First, because whoever goes by the reason looks again when the owner has gone.
  const refused = allRefused.find(({ code }) => code === "OWNED_BY_OTHER") ?? allRefused[0];
  const first = refused ?? result.troubles[0];
  const type = "Applied";
  const ordered = [first, ...result.troubles.filter((trouble) => trouble !== first)];
  const message = ordered
    .map((trouble) => trouble?.message ?? "")
    .slice(0, 3)
    .join("\n")
    .slice(0, limits.messageCharsMax);
  if (refused) return { type, status: "False", reason: refused.code, message };
  if (first) return { type, status: "Unknown", reason: first.code, message };
  if (result.waitsFor) return { type, status: "Unknown", ...result.waitsFor };
  if (!result.isComplete) return { type, status: "Unknown", reason: "Waiting", message: "" };
  return { type, status: "True", ...remark(result) };
}

/** What is to be told of objects that stand as they should. */
function remark({
  leftBehind = [],
  contested = [],
  warnings = [],
}: Pick<Parameters<typeof appliedFinding>[0], "leftBehind" | "contested" | "warnings">) {
  const fought = contested
    .slice(0, 1)
    .map(
      (what) =>
        `somebody keeps changing ${what} against us; it is put right again, but more and more seldom`,
    );
  const told = [...leftBehind, ...fought, ...warnings].join("\n");
  const usual = fought.length > 0 ? "Contested" : "Applied";
  const reason = leftBehind.length > 0 ? hookFailed : usual;
  return { reason, message: told.slice(0, limits.messageCharsMax) };
}
