import type { KubeObject } from "@octoplane/kube/kube";
import { degraded, progressing, type Health } from "./health.ts";

/** A Job is judged by its conditions: work-queue Jobs have no number of completions to count to. */
export function jobHealth(object: KubeObject): Health {
  const spec = (object["spec"] ?? {}) as {
    readonly suspend?: boolean;
    readonly completions?: number;
    readonly parallelism?: number;
  };
  const status = (object["status"] ?? {}) as {
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
  const name = object.metadata.name ?? "";
  const holds = (type: string) =>
    status.conditions?.find((condition) => condition.type === type && condition.status === "True");
  const counts = {
    running: status.active ?? 0,
    completed: status.succeeded ?? 0,
    failed: status.failed ?? 0,
  };
  const pods = { ...counts, desired: spec.completions ?? spec.parallelism ?? 1 };
  const failed = holds("Failed");
  if (failed) {
    return {
      ...degraded(failed.reason ?? "JobFailed", `Job ${name}: ${failed.message ?? "failed"}`),
      pods,
    };
  }
  if (holds("Complete")) return { status: "completed", reason: "Completed", message: "", pods };
  if (spec.suspend === true) {
    return { status: "idle", reason: "Suspended", message: "", pods: { ...counts, desired: 0 } };
  }
  // A Job that runs is doing what it is for; one of which no Pod has begun yet is on its way.
  const hasBegun = status.ready !== 0 || counts.completed > 0 || counts.failed > 0;
  if (counts.running > 0 && hasBegun) return { status: "healthy", reason: "", message: "", pods };
  if (counts.failed > 0) {
    const text = `Job ${name}: ${counts.failed} Pods failed; it will try again`;
    return { ...progressing("Retrying", text), pods };
  }
  return { ...progressing("NotStarted", `Job ${name} has not begun`), pods };
}
