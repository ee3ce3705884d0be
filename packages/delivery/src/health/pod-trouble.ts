import { isFacts, listOf, factsOf, type Facts } from "@octoplane/kinds/manifest-facts";
import type { KubeObject } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";

/** What keeps a Pod from doing its work, as far as the cluster says. */
export interface PodTrouble {
  /** A constant: `ImagePullBackOff`, `OOMKilled`, `Unschedulable`, … */
  readonly reason: string;
  /** With the Pod, its container and what the cluster said. */
  readonly message: string;
  /**
   * `stuck`: waiting does not cure it. `vague`: the Pod itself does not say why, but what the cluster remarked of it may. Of several
   * troubles the one that stands first in `certainties` says most.
   */
  readonly certainty: (typeof certainties)[number];
}

export const certainties = ["stuck", "ended", "unplaced", "remarked", "vague"] as const;

/** What a cluster remarked of a Pod, as an event. */
export interface PodRemark {
  readonly reason: string;
  readonly message: string;
}

/** Reasons of waiting that no amount of waiting cures by itself. */
const stuckReasons = new Set([
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

/** Remarks that tell why a container does not begin, under the names that people know. */
const startRemarks: Readonly<Record<string, string>> = {
  FailedMount: "FailedMount",
  FailedAttachVolume: "FailedMount",
  FailedCreatePodSandBox: "FailedCreatePodSandBox",
};

/**
 * What is wrong with a Pod, or `undefined` when nothing is: it is ready, or has done its work. What kubelets
 * alternate between has one name, so that nobody is told the same thing over and over: `ErrImagePull` is `ImagePullBackOff`, and a
 * container that runs for a moment between two crashes is in `CrashLoopBackOff` all the while. Pure.
 */
export function podTrouble(pod: KubeObject, remark?: PodRemark): PodTrouble | undefined {
  const status = factsOf(pod["status"]);
  if (status["phase"] === "Succeeded") return undefined;
  const containers = [
    ...listOf(status["initContainerStatuses"]),
    ...listOf(status["containerStatuses"]),
  ];
  const found = containers.flatMap((container) => containerTrouble(pod, container) ?? []);
  const worst = worstTrouble(found);
  if (worst) return worst;
  const { name = "" } = pod.metadata;
  if (status["phase"] === "Failed") {
    const why =
      text(status, "message") || text(status, "reason") || "a container ended with an error";
    return trouble(text(status, "reason") || "PodFailed", `Pod ${name} failed: ${why}`, "ended");
  }
  const placed = listOf(status["conditions"]).find(({ type }) => type === "PodScheduled");
  if (placed?.["status"] === "False") {
    const reason = text(placed, "reason") || "Unschedulable";
    return trouble(reason, `Pod ${name} has no node: ${text(placed, "message")}`, "unplaced");
  }
  return isReady(status) ? undefined : unexplained(pod, containers, remark);
}

/** The one that says most; of equals the first by its words, so that it stays the same from look to look. Pure. */
export function worstTrouble(troubles: readonly PodTrouble[]): PodTrouble | undefined {
  const rank = ({ certainty }: PodTrouble): number => certainties.indexOf(certainty);
  return troubles.toSorted(
    (a, b) => rank(a) - rank(b) || (a.message < b.message ? -1 : Number(a.message > b.message)),
  )[0];
}

function trouble(reason: string, message: string, certainty: PodTrouble["certainty"]): PodTrouble {
  return { reason, message: message.slice(0, limits.messageCharsMax), certainty };
}

function isReady(status: Facts): boolean {
  const own = listOf(status["containerStatuses"]);
  return (
    status["phase"] === "Running" && own.length > 0 && own.every(({ ready }) => ready === true)
  );
}

/** It does not run, or is not ready, and none of its containers says why. */
function unexplained(
  { metadata: { name = "" } }: KubeObject,
  containers: readonly Facts[],
  remark: PodRemark | undefined,
): PodTrouble {
  const late = containers.find(({ ready, state }) => ready !== true && factsOf(state)["running"]);
  if (late) return notReady(`Pod ${name}, container ${text(late, "name")}`, late, remark);
  const reason = startRemarks[remark?.reason ?? ""];
  if (remark && reason !== undefined) {
    return trouble(reason, `Pod ${name}: ${remark.message}`, "remarked");
  }
  const waiting = containers.find((container) => waitingOf(container) !== undefined);
  if (!waiting) return trouble("Pending", `Pod ${name} has not begun`, "vague");
  const { reason: why, message } = waitingOf(waiting)!;
  const told = [`Pod ${name}, container ${text(waiting, "name")}: ${why}`, message];
  return trouble("Pending", told.filter((one) => one !== "").join(": "), "vague");
}

function notReady(title: string, container: Facts, remark: PodRemark | undefined): PodTrouble {
  if (remark?.reason === "Unhealthy") {
    return trouble("Unhealthy", `${title}: ${remark.message}`, "remarked");
  }
  const last = endOf(container["lastState"]);
  const restarts = restartsOf(container);
  if (last === undefined || restarts === 0) {
    return trouble("NotReady", `${title}: runs and is not ready`, "vague");
  }
  return trouble(crashReason(last), `${title}: ${crashText(last, restarts)}`, "vague");
}

function waitingOf(
  container: Facts,
): { readonly reason: string; readonly message: string } | undefined {
  const { waiting } = factsOf(container["state"]);
  return isFacts(waiting)
    ? { reason: text(waiting, "reason"), message: text(waiting, "message") }
    : undefined;
}

function containerTrouble({ metadata }: KubeObject, container: Facts): PodTrouble | undefined {
  if (container["ready"] === true) return undefined;
  const title = `Pod ${metadata.name ?? ""}, container ${text(container, "name")}`;
  const waiting = waitingOf(container);
  const told = waiting?.reason === "ErrImagePull" ? "ImagePullBackOff" : (waiting?.reason ?? "");
  const ended = endOf(container["state"]);
  const restarts = restartsOf(container);
  if (told === "CrashLoopBackOff" || (ended !== undefined && restarts > 0)) {
    const last = ended ?? endOf(container["lastState"]);
    const how = last === undefined ? waiting?.message : crashText(last, restarts);
    return trouble(crashReason(last), `${title}: ${how}`, "stuck");
  }
  if (stuckReasons.has(told)) {
    return trouble(told, `${title}: ${waiting?.message || waiting?.reason}`, "stuck");
  }
  if (ended === undefined) return undefined;
  return trouble(ended.reason || "Error", `${title}: ${endText(ended)}`, "ended");
}

function restartsOf(container: Facts): number {
  return numberIn(container, "restartCount") ?? 0;
}

function crashReason(last: End | undefined): string {
  return last?.reason === "OOMKilled" ? "OOMKilled" : "CrashLoopBackOff";
}

function crashText(last: End, restarts: number): string {
  return `${endText(last)}, after ${restarts} restarts`;
}

interface End {
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
}

/** How it ended, if that was not well. */
function endOf(state: unknown): End | undefined {
  const { terminated } = factsOf(state);
  if (!isFacts(terminated) || terminated["exitCode"] === 0) return undefined;
  const exitCode = numberIn(terminated, "exitCode") ?? -1;
  return { exitCode, reason: text(terminated, "reason"), message: text(terminated, "message") };
}

function endText({ exitCode, reason, message }: End): string {
  const why = reason === "" || reason === "Error" ? "" : ` (${reason})`;
  const last = message.trim();
  return `ended with exit code ${exitCode}${why}${last === "" ? "" : `: ${last}`}`;
}

function text(facts: Facts, name: string): string {
  const value = facts[name];
  return typeof value === "string" ? value : "";
}

function numberIn(facts: Facts, name: string): number | undefined {
  const value = facts[name];
  return typeof value === "number" ? value : undefined;
}
