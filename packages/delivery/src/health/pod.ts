import type { KubeObject } from "@octoplane/kube/kube";
import { degraded, healthy, progressing, type Health } from "./health.ts";
import { podTrouble } from "./pod-trouble.ts";

/** A Pod of its own. All containers count; one that is only just scheduled has no container statuses yet. */
export function podHealth(object: KubeObject): Health {
  const { phase } = (object["status"] ?? {}) as { readonly phase?: string };
  const counts = { desired: 1, running: 0, completed: 0, failed: 0 };
  if (phase === "Succeeded") {
    const pods = { ...counts, completed: 1 };
    return { status: "completed", reason: "Completed", message: "", pods };
  }
  const trouble = podTrouble(object);
  if (trouble === undefined) return { ...healthy, pods: { ...counts, running: 1 } };
  const { reason, message, certainty } = trouble;
  if (phase === "Failed") return { ...degraded(reason, message), pods: { ...counts, failed: 1 } };
  if (certainty === "stuck") return { ...degraded(reason, message), pods: counts };
  const told = certainty === "vague" ? "NotReady" : reason;
  return { ...progressing(told, message), pods: counts };
}
