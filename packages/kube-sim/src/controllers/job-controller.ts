import { kinds, type Cluster } from "../cluster.ts";
import { mapAt, numberAt, textAt, valueAt, type JsonMap } from "../json.ts";
import { kubeTime } from "../kube-time.ts";
import { deleteObject, plainDeletion } from "../operations/delete.ts";
import { storeStatus } from "../operations/internal-write.ts";
import type { SimObject } from "../sim-object.ts";
import { conditionsOf, hasCondition, setCondition, type Condition } from "./condition.ts";
import { activePods, controlled, isReady, makePod, removePod } from "./pods.ts";
import type { Recheck } from "./reconcile.ts";

export function reconcileJob(cluster: Cluster, job: SimObject, recheck: Recheck): void {
  if (job.metadata.deletionTimestamp !== undefined) return;
  if (hasCondition(job, "Complete") || hasCondition(job, "Failed")) {
    expire(cluster, job, recheck);
    return;
  }
  const active = activePods(cluster, job);
  if (valueAt(job, "spec", "suspend") === true) {
    for (const pod of active) removePod(cluster, pod);
    report(cluster, job, [suspension(true)]);
    return;
  }
  const counts = countsOf(cluster, job);
  const completions = numberAt(job, "spec", "completions");
  const parallelism = numberAt(job, "spec", "parallelism") ?? 1;
  const limit = numberAt(job, "spec", "backoffLimit") ?? 6;
  const deadlineMs = deadlineLeftMs(cluster, job);
  if (counts.failed > limit) {
    fail(cluster, job, { reason: "BackoffLimitExceeded", message: backoffText });
  } else if (deadlineMs !== undefined && deadlineMs <= 0) {
    fail(cluster, job, { reason: "DeadlineExceeded", message: deadlineText });
  } else if (isComplete(counts, { completions, active: active.length })) {
    complete(cluster, job);
  } else {
    const left = completions === undefined ? parallelism : completions - counts.succeeded;
    // A Job without completions starts no more pods once one of them succeeded.
    const isDraining = completions === undefined && counts.succeeded > 0;
    const wanted = isDraining ? 0 : Math.min(parallelism, left);
    for (let count = active.length; count < wanted; count += 1) start(cluster, job);
    if (!isDraining) for (const pod of active.slice(wanted)) removePod(cluster, pod);
    const wasSuspended = hasCondition(job, "Suspended");
    report(cluster, job, wasSuspended ? [suspension(false)] : []);
    if (deadlineMs !== undefined) recheck(deadlineMs);
  }
}

const backoffText = "Job has reached the specified backoff limit";
const deadlineText = "Job was active longer than specified deadline";

interface Counts {
  readonly succeeded: number;
  readonly failed: number;
}

function countsOf(cluster: Cluster, job: SimObject): Counts {
  const pods = controlled(cluster, job, "/pods");
  const of = (phase: string): number =>
    pods.filter((pod) => textAt(pod, "status", "phase") === phase).length;
  return { succeeded: of("Succeeded"), failed: of("Failed") };
}

function isComplete(
  counts: Counts,
  job: { readonly completions: number | undefined; readonly active: number },
): boolean {
  return job.completions === undefined
    ? counts.succeeded > 0 && job.active === 0
    : counts.succeeded >= job.completions;
}

function start(cluster: Cluster, job: SimObject): void {
  const isIndexed = valueAt(job, "spec", "completionMode") === "Indexed";
  const annotation = "batch.kubernetes.io/job-completion-index";
  const index = isIndexed ? freeIndex(cluster, job, annotation) : undefined;
  makePod(cluster, {
    owner: job,
    template: valueAt(job, "spec", "template"),
    ...(index === undefined
      ? {}
      : { annotations: { [annotation]: String(index) }, labels: { [annotation]: String(index) } }),
  });
}

function freeIndex(cluster: Cluster, job: SimObject, annotation: string): number {
  const taken = new Set(
    controlled(cluster, job, "/pods")
      .filter((pod) => textAt(pod, "status", "phase") !== "Failed")
      .map((pod) => Number(pod.metadata.annotations?.[annotation])),
  );
  let index = 0;
  while (taken.has(index)) index += 1;
  return index;
}

function deadlineLeftMs(cluster: Cluster, job: SimObject): number | undefined {
  const seconds = numberAt(job, "spec", "activeDeadlineSeconds");
  const started = textAt(job, "status", "startTime");
  if (seconds === undefined || started === undefined) return undefined;
  return Date.parse(started) + seconds * 1_000 - cluster.clock.now();
}

function suspension(isSuspended: boolean): Condition {
  return {
    type: "Suspended",
    status: isSuspended ? "True" : "False",
    reason: isSuspended ? "JobSuspended" : "JobResumed",
    message: isSuspended ? "Job suspended" : "Job resumed",
  };
}

function complete(cluster: Cluster, job: SimObject): void {
  const message = "Reached expected number of succeeded pods";
  const reason = "CompletionsReached";
  const conditions: readonly Condition[] = [
    { type: "SuccessCriteriaMet", status: "True", reason, message },
    { type: "Complete", status: "True", reason, message },
  ];
  report(cluster, job, conditions, { completionTime: kubeTime(cluster.clock) });
}

function fail(
  cluster: Cluster,
  job: SimObject,
  why: { readonly reason: string; readonly message: string },
): void {
  for (const pod of activePods(cluster, job)) removePod(cluster, pod);
  report(cluster, job, [
    { type: "FailureTarget", status: "True", ...why },
    { type: "Failed", status: "True", ...why },
  ]);
}

function report(
  cluster: Cluster,
  job: SimObject,
  changes: readonly Condition[],
  extra: JsonMap = {},
): void {
  const live = cluster.storage.byUid(job.metadata.uid);
  if (live === undefined) return;
  let conditions = conditionsOf(live);
  for (const condition of changes) conditions = setCondition(cluster, conditions, { condition });
  const active = activePods(cluster, live);
  const ready = active.filter(isReady).length;
  const { succeeded, failed } = countsOf(cluster, live);
  const old = mapAt(live, "status");
  const isSuspended = valueAt(live, "spec", "suspend") === true;
  const startTime = isSuspended ? undefined : (old["startTime"] ?? kubeTime(cluster.clock));
  const status: JsonMap = {
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(startTime === undefined ? {} : { startTime }),
    ...(active.length > 0 ? { active: active.length } : {}),
    ...(succeeded > 0 ? { succeeded } : {}),
    ...(failed > 0 ? { failed } : {}),
    terminating: 0,
    ready,
    uncountedTerminatedPods: {},
    ...extra,
  };
  storeStatus(cluster, kinds.job, { object: live, status });
}

/** Removes a finished Job when its `ttlSecondsAfterFinished` has passed, its pods with it. */
function expire(cluster: Cluster, job: SimObject, recheck: Recheck): void {
  const seconds = numberAt(job, "spec", "ttlSecondsAfterFinished");
  if (seconds === undefined) return;
  const finished = conditionsOf(job).find(
    (entry) => entry["type"] === "Complete" || entry["type"] === "Failed",
  );
  const since = Date.parse(textAt(finished, "lastTransitionTime") ?? "");
  const leftMs = since + seconds * 1_000 - cluster.clock.now();
  if (leftMs > 0) recheck(leftMs);
  else deleteObject(cluster, kinds.job, { object: job, deletion: plainDeletion });
}
