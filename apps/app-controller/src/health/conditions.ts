import type { KubeObject } from "@octoplane/kube/kube";
import { degraded, healthy, progressing, type Health } from "./health.ts";

interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Condition types that custom resources use for "it works" and for "it is broken". */
const good = ["Ready", "Available", "Healthy"];
const bad = ["Failed", "Degraded", "Stalled"];

/**
 * Health of a kind of which nothing is known but the conventions for conditions: a positive one that is False, or a
 * negative one that is True. An object without conditions is healthy: most kinds never have any.
 */
export function conditionHealth(object: KubeObject): Health {
  const status = object["status"] as
    | { readonly conditions?: unknown; readonly observedGeneration?: number }
    | undefined;
  const list = Array.isArray(status?.conditions) ? (status.conditions as readonly Condition[]) : [];
  const title = `${object.kind} ${object.metadata.name}`;
  const observed = status?.observedGeneration;
  const generation = object.metadata.generation;
  if (observed !== undefined && generation !== undefined && observed < generation) {
    return progressing("NotObserved", `${title} is not yet observed by its controller`);
  }
  const broken = list.find(
    ({ type, status: value }) => bad.includes(type ?? "") && value === "True",
  );
  if (broken)
    return degraded(broken.reason ?? broken.type ?? "Failed", `${title}: ${broken.message ?? ""}`);
  const lacking = list.find(
    ({ type, status: value }) => good.includes(type ?? "") && value !== "True",
  );
  if (!lacking) return healthy;
  return progressing(
    lacking.reason ?? "NotReady",
    `${title} is not ${lacking.type}: ${lacking.message ?? ""}`,
  );
}
