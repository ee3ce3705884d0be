import type { KubeObject } from "@octoplane/kube/kube";
import { degraded, healthy, progressing, type Health } from "./health.ts";

/** Workloads that keep a number of Pods: judged by their status, as `kubectl rollout status` does. */

interface WorkloadStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly updatedReplicas?: number;
  readonly desiredNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  readonly numberReady?: number;
  readonly conditions?: readonly {
    readonly type?: string;
    readonly status?: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
}

function statusOf(object: KubeObject): WorkloadStatus {
  return (object["status"] ?? {}) as WorkloadStatus;
}

function replicasOf(object: KubeObject): number {
  return (object["spec"] as { readonly replicas?: number } | undefined)?.replicas ?? 1;
}

function isObserved(object: KubeObject): boolean {
  return (statusOf(object).observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
}

/** Healthy when all wanted Pods are there, new and available. */
function judged(
  object: KubeObject,
  counts: { readonly desired: number; readonly updated: number; readonly available: number },
): Health {
  const { desired, updated, available } = counts;
  const pods = { desired, running: available, completed: 0, failed: 0 };
  const title = `${object.kind} ${object.metadata.name}`;
  if (!isObserved(object)) return { ...progressing("NotObserved", `${title} is new`), pods };
  if (updated < desired) {
    return {
      ...progressing("RollingOut", `${title}: ${updated} of ${desired} Pods are new`),
      pods,
    };
  }
  if (available < desired) {
    return {
      ...progressing("NotReady", `${title}: ${available} of ${desired} Pods are ready`),
      pods,
    };
  }
  return { ...healthy, pods };
}

export function deploymentHealth(object: KubeObject): Health {
  const status = statusOf(object);
  const counts = {
    desired: replicasOf(object),
    updated: status.updatedReplicas ?? 0,
    available: status.availableReplicas ?? 0,
  };
  const judgement = withoutOld(object, judged(object, counts));
  const broken = status.conditions?.find(
    ({ type, status: value }) =>
      (type === "Progressing" && value === "False") ||
      (type === "ReplicaFailure" && value === "True"),
  );
  if (!broken || judgement.status === "healthy" || !isObserved(object)) return judgement;
  const message = `Deployment ${object.metadata.name}: ${broken.message ?? ""}`;
  return { ...judgement, ...degraded(broken.reason ?? "Failed", message) };
}

/** Old Pods count as available, too: only when they have gone it is the new ones that serve. */
function withoutOld(object: KubeObject, judgement: Health): Health {
  const { replicas = 0, updatedReplicas = 0 } = statusOf(object);
  if (judgement.status !== "healthy" || replicas <= updatedReplicas) return judgement;
  const text = `Deployment ${object.metadata.name}: ${replicas - updatedReplicas} old Pods remain`;
  return { ...judgement, ...progressing("RollingOut", text) };
}

export function statefulSetHealth(object: KubeObject): Health {
  const status = statusOf(object);
  const desired = replicasOf(object);
  const spec = object["spec"] as
    | {
        readonly updateStrategy?: {
          readonly type?: string;
          readonly rollingUpdate?: { readonly partition?: number };
        };
      }
    | undefined;
  // With OnDelete, or below a partition, old Pods are left alone on purpose.
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const byHand = spec?.updateStrategy?.type === "OnDelete";
  const wantedNew = byHand ? 0 : Math.max(0, desired - partition);
  const updated =
    (status.updatedReplicas ?? 0) >= wantedNew ? desired : (status.updatedReplicas ?? 0);
  return judged(object, { desired, updated, available: status.readyReplicas ?? 0 });
}

export function daemonSetHealth(object: KubeObject): Health {
  const status = statusOf(object);
  const desired = status.desiredNumberScheduled ?? 0;
  const spec = object["spec"] as
    | { readonly updateStrategy?: { readonly type?: string } }
    | undefined;
  // With OnDelete, old Pods are left alone on purpose.
  const byHand = spec?.updateStrategy?.type === "OnDelete";
  const updated = byHand ? desired : (status.updatedNumberScheduled ?? 0);
  return judged(object, {
    desired,
    updated,
    available: status.numberAvailable ?? status.numberReady ?? 0,
  });
}

export function replicaSetHealth(object: KubeObject): Health {
  const desired = replicasOf(object);
  return judged(object, {
    desired,
    updated: desired,
    available: statusOf(object).readyReplicas ?? 0,
  });
}
