import type { KubeObject } from "@octoplane/kube/kube";
import { degraded, healthy, progressing, type Health } from "./health.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Condition types that custom resources use for "it works" and for "it is broken". */
const good = ["Ready", "Available", "Healthy"];
const bad = ["Failed", "Degraded", "Stalled"];

/**
 * Health of a kind of which nothing is known but the conventions for conditions: a positive one that is False, or a
 * negative one that is True. An object without conditions is healthy: most kinds never have any.
 */
export function conditionHealth(object: KubeObject): Health {
  const status = (object["status"] ?? {}) as Readonly<Record<string, unknown>>;
  const list = readConditions(status["conditions"]);
  const title = `${object.kind} ${object.metadata.name}`;
  const observed = status["observedGeneration"];
  const { generation } = object.metadata;
  if (typeof observed === "number" && generation !== undefined && observed < generation) {
    return progressing("NotObserved", `${title} is not yet observed by its controller`);
  }
  const broken = list.find(({ type, status: value }) => bad.includes(type) && value === "True");
  if (broken) return degraded(broken.reason || broken.type, `${title}: ${broken.message}`);
  const lacking = list.find(({ type, status: value }) => good.includes(type) && value !== "True");
  if (!lacking) return healthy;
  return progressing(
    lacking.reason || "NotReady",
    `${title} is not ${lacking.type}: ${lacking.message}`,
  );
}

/** Nothing is known of the kind, so nothing is relied on: whatever is no condition is left out. */
function readConditions(value: unknown): Condition[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((item): item is object => typeof item === "object" && item !== null)
    .map((item) => {
      const fields = item as Readonly<Record<string, unknown>>;
      const text = (name: string): string => {
        const field = fields[name];
        return typeof field === "string" ? field : "";
      };
      return {
        type: text("type"),
        status: text("status"),
        reason: text("reason"),
        message: text("message"),
      };
    });
}
