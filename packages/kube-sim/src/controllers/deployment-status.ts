import { textOf } from "@octoplane/shared/text-of";
import { kinds, type Cluster } from "../cluster.ts";
import { mapAt, numberAt, textAt, valueAt, type JsonMap } from "../json.ts";
import { storeStatus } from "../operations/internal-write.ts";
import type { SimObject } from "../sim-object.ts";
import { conditionsOf, setCondition, type Condition } from "./condition.ts";
import type { Recheck } from "./reconcile.ts";
import { countsOf } from "./replica-set-controller.ts";

interface Sets {
  readonly current: SimObject | undefined;
  readonly all: readonly SimObject[];
  readonly recheck: Recheck;
}

/** Writes the status of a Deployment from the ReplicaSets as they are. */
export function reportDeployment(cluster: Cluster, deployment: SimObject, sets: Sets): void {
  const live = cluster.storage.byUid(deployment.metadata.uid);
  if (live === undefined) return;
  const wanted = numberAt(live, "spec", "replicas") ?? 1;
  const all = sets.all
    .map((entry) => cluster.storage.byUid(entry.metadata.uid))
    .filter((entry) => entry !== undefined)
    .map(countsOf);
  const sum = (field: "replicas" | "ready" | "available"): number =>
    all.reduce((total, one) => total + one[field], 0);
  const updated = sets.current === undefined ? 0 : countsOf(sets.current).replicas;
  const counts = {
    replicas: sum("replicas"),
    updatedReplicas: updated,
    readyReplicas: sum("ready"),
    availableReplicas: sum("available"),
    unavailableReplicas: Math.max(0, wanted - sum("available")),
  };
  const status: JsonMap = { observedGeneration: live.metadata.generation ?? 1 };
  for (const [field, count] of Object.entries(counts)) if (count > 0) status[field] = count;
  let conditions = conditionsOf(live);
  for (const condition of conditionsFor(cluster, live, { sets, wanted, counts })) {
    conditions = setCondition(cluster, conditions, { condition, withUpdate: true });
  }
  storeStatus(cluster, kinds.deployment, { object: live, status: { ...status, conditions } });
}

interface Progress {
  readonly sets: Sets;
  readonly wanted: number;
  readonly counts: {
    readonly replicas: number;
    readonly updatedReplicas: number;
    readonly availableReplicas: number;
  };
}

function conditionsFor(
  cluster: Cluster,
  live: SimObject,
  progress: Progress,
): readonly Condition[] {
  const { counts, wanted } = progress;
  const tolerated = unavailableAllowed(live, wanted);
  const isAvailable = counts.availableReplicas >= wanted - tolerated;
  const available: Condition = {
    type: "Available",
    status: isAvailable ? "True" : "False",
    reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
    message: `Deployment ${isAvailable ? "has" : "does not have"} minimum availability.`,
  };
  const progressing = progressCondition(cluster, live, progress);
  return progressing === undefined ? [available] : [available, progressing];
}

function unavailableAllowed(live: SimObject, wanted: number): number {
  const value = valueAt(mapAt(live, "spec", "strategy"), "rollingUpdate", "maxUnavailable");
  if (typeof value === "number") return value;
  const match = /^(\d+)%$/u.exec(textOf(value ?? "0%"));
  return Math.floor((wanted * Number(match?.[1] ?? 0)) / 100);
}

function progressCondition(
  cluster: Cluster,
  live: SimObject,
  progress: Progress,
): Condition | undefined {
  const { counts, wanted, sets } = progress;
  const name = sets.current?.metadata.name ?? "";
  const isComplete =
    counts.updatedReplicas === wanted &&
    counts.replicas === wanted &&
    counts.availableReplicas === wanted;
  if (isComplete) {
    const message = `ReplicaSet "${name}" has successfully progressed.`;
    return { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message };
  }
  if (valueAt(live, "spec", "paused") === true) {
    const message = "Deployment is paused";
    return { type: "Progressing", status: "Unknown", reason: "DeploymentPaused", message };
  }
  const before = conditionsOf(live).find((entry) => entry["type"] === "Progressing");
  const isSame = textAt(before, "reason") === "ReplicaSetUpdated" && isUnmoved(live, progress);
  const deadlineMs = (numberAt(live, "spec", "progressDeadlineSeconds") ?? 600) * 1_000;
  const since = Date.parse(textAt(before, "lastUpdateTime") ?? "");
  const leftMs = since + deadlineMs - cluster.clock.now();
  const hasExpired = textAt(before, "reason") === "ProgressDeadlineExceeded";
  if ((isSame && leftMs <= 0) || (hasExpired && isUnmoved(live, progress))) {
    const message = `ReplicaSet "${name}" has timed out progressing.`;
    return { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message };
  }
  sets.recheck(isSame ? leftMs : deadlineMs);
  const message = `ReplicaSet "${name}" is progressing.`;
  return { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message };
}

function isUnmoved(live: SimObject, progress: Progress): boolean {
  const status = mapAt(live, "status");
  return (
    (numberAt(status, "updatedReplicas") ?? 0) === progress.counts.updatedReplicas &&
    (numberAt(status, "availableReplicas") ?? 0) === progress.counts.availableReplicas &&
    numberAt(status, "observedGeneration") === live.metadata.generation
  );
}
