import { Type, type Static } from "typebox";
import { factsOf, listOf, type Facts } from "@octoplane/kinds/manifest-facts";
import { requestsOf, type Requests } from "@octoplane/kinds/workload-requests";
import { KubeError, type Kube, type KubeObject } from "@octoplane/kube/kube";
import { kindOf } from "@octoplane/kube/owned";
import { limits } from "@octoplane/shared/limits";

const amounts = Type.Record(Type.String(), Type.String(), {
  description: "quantities of Kubernetes, by resource",
});
const nullableText = Type.Union([Type.String(), Type.Null()]);

export const NodeViewSchema = Type.Object({
  name: Type.String(),
  ready: Type.Boolean(),
  schedulable: Type.Boolean(),
  roles: Type.Array(Type.String()),
  version: nullableText,
  system: Type.String({ description: "operating system and architecture: linux/amd64" }),
  taints: Type.Array(Type.String()),
  conditions: Type.Array(
    Type.Object({
      type: Type.String(),
      status: Type.String(),
      reason: Type.String(),
      message: Type.String(),
    }),
  ),
  capacity: amounts,
  allocatable: amounts,
  requested: Type.Union([
    Type.Object({
      cpu_cores: Type.Number(),
      memory_bytes: Type.Number(),
      pods: Type.Integer(),
    }),
    Type.Null(),
  ]),
  images: Type.Integer({ description: "that it has, as far as it tells" }),
});
export type NodeView = Static<typeof NodeViewSchema>;

/** The nodes of a cluster as they are now, with what the Pods on each request; null where Pods may not be listed, or are too many. */
export async function nodeViews(kube: Kube, signal: AbortSignal): Promise<readonly NodeView[]> {
  const served = await kindOf(kube, "", "Node");
  const [{ items }, requested] = await Promise.all([
    kube.list(served, {}, signal),
    requestsByNode(kube, signal),
  ]);
  return items.map((node) => {
    const sum = requested?.get(node.metadata.name ?? "");
    return nodeView(node, requested && (sum ?? { cpuCores: 0, memoryBytes: 0, pods: 0 }));
  });
}

async function requestsByNode(
  kube: Kube,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Requests> | undefined> {
  const sums = new Map<string, Requests>();
  const unfinished = "status.phase!=Succeeded,status.phase!=Failed";
  let count = 0;
  try {
    const served = await kindOf(kube, "", "Pod");
    for await (const page of kube.pages(served, { fieldSelector: unfinished }, signal)) {
      for (const [node, pods] of Map.groupBy(page, nodeOf)) {
        sums.set(node, added(sums.get(node), requestsOf(pods)));
      }
      count += page.length;
      if (count > limits.countedPodsMax) return undefined;
    }
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw error;
  }
  return sums;
}

function nodeOf(pod: KubeObject): string {
  return text(factsOf(pod["spec"]), "nodeName");
}

function added(before: Requests | undefined, more: Requests): Requests {
  if (before === undefined) return more;
  return {
    cpuCores: before.cpuCores + more.cpuCores,
    memoryBytes: before.memoryBytes + more.memoryBytes,
    pods: before.pods + more.pods,
  };
}

const rolePrefix = "node-role.kubernetes.io/";

/** A node as people ask for it. Pure. */
export function nodeView(node: KubeObject, requested: Requests | undefined): NodeView {
  const [spec, status] = [factsOf(node["spec"]), factsOf(node["status"])];
  const info = factsOf(status["nodeInfo"]);
  const conditions = listOf(status["conditions"]).map((condition) => ({
    type: text(condition, "type"),
    status: text(condition, "status"),
    reason: text(condition, "reason"),
    message: text(condition, "message"),
  }));
  return {
    name: node.metadata.name ?? "",
    ready: conditions.some((one) => one.type === "Ready" && one.status === "True"),
    schedulable: spec["unschedulable"] !== true,
    roles: Object.keys(node.metadata.labels ?? {})
      .filter((label) => label.startsWith(rolePrefix))
      .map((label) => label.slice(rolePrefix.length)),
    version: text(info, "kubeletVersion") || null,
    system: `${text(info, "operatingSystem")}/${text(info, "architecture")}`,
    taints: listOf(spec["taints"]).map(taintText),
    conditions,
    capacity: textsOf(status["capacity"]),
    allocatable: textsOf(status["allocatable"]),
    requested: requested
      ? {
          cpu_cores: Math.round(requested.cpuCores * 1e6) / 1e6,
          memory_bytes: Math.round(requested.memoryBytes),
          pods: requested.pods,
        }
      : null,
    images: listOf(status["images"]).length,
  };
}

function taintText(taint: Facts): string {
  const value = text(taint, "value");
  return `${text(taint, "key")}${value === "" ? "" : `=${value}`}:${text(taint, "effect")}`;
}

function textsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(factsOf(value));
  return Object.fromEntries(
    entries.flatMap(([key, one]) => (typeof one === "string" ? [[key, one]] : [])),
  );
}

function text(facts: Facts, name: string): string {
  const value = facts[name];
  return typeof value === "string" ? value : "";
}
