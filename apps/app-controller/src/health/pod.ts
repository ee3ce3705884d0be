import type { KubeObject } from "@octoplane/kube/kube";
import { degraded, healthy, progressing, type Health } from "./health.ts";

interface ContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
  };
}

/** Reasons that no amount of waiting cures by itself. */
const stuckReasons = new Set([
  "ImagePullBackOff",
  "ErrImagePull",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CrashLoopBackOff",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

/** A Pod of its own. All containers count; one that is only just scheduled has no container statuses yet. */
export function podHealth(object: KubeObject): Health {
  const status = (object["status"] ?? {}) as {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
  const name = object.metadata.name ?? "";
  const counts = { desired: 1, running: 0, completed: 0, failed: 0 };
  if (status.phase === "Succeeded") {
    return {
      status: "completed",
      reason: "Completed",
      message: "",
      pods: { ...counts, completed: 1 },
    };
  }
  if (status.phase === "Failed") {
    const text = `Pod ${name} failed: ${status.message ?? status.reason ?? "a container ended with an error"}`;
    return { ...degraded(status.reason ?? "PodFailed", text), pods: { ...counts, failed: 1 } };
  }
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const stuck = containers.find(({ state }) => stuckReasons.has(state?.waiting?.reason ?? ""));
  if (stuck) {
    const waiting = stuck.state?.waiting;
    const text = `Pod ${name}, container ${stuck.name}: ${waiting?.reason}: ${waiting?.message ?? ""}`;
    return { ...degraded(waiting?.reason ?? "", text), pods: counts };
  }
  const own = status.containerStatuses ?? [];
  if (status.phase === "Running" && own.length > 0 && own.every(({ ready }) => ready === true)) {
    return { ...healthy, pods: { ...counts, running: 1 } };
  }
  const unplaced = status.conditions?.find(
    (condition) => condition.type === "PodScheduled" && condition.status === "False",
  );
  if (unplaced) {
    const text = `Pod ${name} has no node: ${unplaced.message ?? ""}`;
    return { ...progressing(unplaced.reason ?? "Unschedulable", text), pods: counts };
  }
  return { ...progressing("NotReady", `Pod ${name} is not ready`), pods: counts };
}
