import type { ClusterStatus } from "@octoplane/kinds/cluster";
import { setCondition, type Condition, type Finding } from "@octoplane/kinds/condition";
import type { Discovery, KubeObject, ServedKind } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { parseQuantity } from "@octoplane/kinds/quantity";
import type { CountedRequests } from "./count-requests.ts";
import { withFree, type Capacity } from "./free-capacity.ts";
import { reportedLatency } from "./latency.ts";
import type { Probe } from "./probe.ts";

/** What a probe tells about a cluster, as its next status. Pure. */

export interface AssessInput {
  readonly status: ClusterStatus;
  readonly generation: number;
  readonly probe: Probe;
  /** Failed probes in a row, this one included. */
  readonly failures: number;
  readonly failuresMax: number;
  readonly now: string;
  /** What its Pods request; left out: not counted yet. */
  readonly counted?: CountedRequests | "unknown" | undefined;
  /** How long it takes to answer, smoothed; left out: not known. */
  readonly latencyMs?: number | undefined;
}

/** Groups that every Kubernetes serves; everything else came with a custom resource or an aggregated server. */
const builtInGroups = new Set([
  "",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "apps",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "internal.apiserver.k8s.io",
  "metrics.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
  "storagemigration.k8s.io",
]);

export function assess(input: AssessInput): ClusterStatus {
  return input.probe.ok ? reached(input, input.probe) : missed(input, input.probe);
}

/**
 * One lost probe is not an outage, whatever went wrong: an API server that starts refuses credentials that are good.
 * Only when nothing is known of these credentials yet, the first failure counts.
 */
function missed(
  { status, generation, failures, failuresMax, now }: AssessInput,
  probe: Extract<Probe, { ok: false }>,
): ClusterStatus {
  const known = status.conditions.find(({ type }) => type === "Reachable");
  const isProven = known?.status === "True" && known.observed_generation === generation;
  const wasGood = isProven || (known?.status === "True" && probe.canPass);
  if (wasGood && failures < failuresMax) return status;
  const conditions = setCondition(
    status.conditions,
    {
      type: "Reachable",
      status: "False",
      reason: probe.reason,
      message: probe.message.slice(0, limits.messageCharsMax),
      observed_generation: generation,
    },
    now,
  );
  return { ...status, conditions: [...conditions], observed_generation: generation };
}

function reached(
  { status, generation, now, counted, latencyMs }: AssessInput,
  probe: Extract<Probe, { ok: true }>,
): ClusterStatus {
  const nodes = probe.nodes?.map(viewNode);
  const findings = [
    { type: "Reachable", status: "True", reason: "Answers", message: "" } as const,
    ...(nodes === undefined ? unknownNodes : [readiness(nodes), pressure(nodes)]),
  ];
  let conditions: readonly Condition[] = status.conditions;
  for (const finding of findings) {
    conditions = setCondition(conditions, { ...finding, observed_generation: generation }, now);
  }
  return {
    ...status,
    conditions: [...conditions],
    observed_generation: generation,
    version: probe.version,
    capacity: nodes === undefined ? null : withFree(capacityOf(nodes), status.capacity, counted),
    ...(latencyMs === undefined
      ? {}
      : { api_latency_ms: reportedLatency(status.api_latency_ms, latencyMs) }),
    ...(probe.certificateEnd === undefined
      ? {}
      : { certificate_expires: new Date(probe.certificateEnd).toISOString() }),
    nodes: (nodes ?? []).slice(0, limits.clusterNodesMax).map((node) => node.reported),
    ...(probe.served === undefined
      ? {}
      : { served_kinds: servedKinds(probe.served, status.served_kinds) }),
  };
}

type NodeFinding = Omit<Finding, "observed_generation">;

const unknownNodes: readonly NodeFinding[] = ["NodesReady", "NoPressure"].map((type) => ({
  type,
  status: "Unknown",
  reason: "NodesForbidden",
  message: "the kubeconfig's user may not list nodes",
}));

function readiness(nodes: readonly NodeView[]): NodeFinding {
  const type = "NodesReady";
  if (nodes.length === 0) {
    return { type, status: "False", reason: "NoNodes", message: "the cluster has no nodes" };
  }
  const lost = nodes.filter((node) => !node.isReady).length;
  return {
    type,
    status: lost * 2 > nodes.length ? "False" : "True",
    reason: lost === 0 ? "AllReady" : "NodesNotReady",
    message: countText(lost, nodes.length, "not ready"),
  };
}

/** Nodes that are not ready take nothing anyway; among the others, the majority decides. */
function pressure(nodes: readonly NodeView[]): NodeFinding {
  const ready = nodes.filter((node) => node.isReady);
  const pressed = ready.filter((node) => node.pressure !== undefined);
  return {
    type: "NoPressure",
    status: pressed.length * 2 > ready.length ? "False" : "True",
    reason: pressed.length === 0 ? "NoPressure" : "NodesUnderPressure",
    message: countText(pressed.length, ready.length, pressed[0]?.pressure ?? ""),
  };
}

function countText(count: number, total: number, what: string): string {
  return count === 0 ? "" : `${count} of ${total} nodes: ${what}`;
}

interface NodeView {
  readonly isReady: boolean;
  /** The first condition such as `MemoryPressure` that holds. */
  readonly pressure: string | undefined;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly reported: ClusterStatus["nodes"][number];
}

interface NodeCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

function viewNode(node: KubeObject): NodeView {
  const status = (node["status"] ?? {}) as {
    readonly conditions?: readonly NodeCondition[];
    readonly allocatable?: Readonly<Record<string, string>>;
  };
  const conditions = (status.conditions ?? []).map((condition) => ({
    type: condition.type ?? "",
    status: condition.status ?? "Unknown",
    reason: condition.reason ?? null,
    message: condition.message ?? null,
  }));
  return {
    isReady: conditions.some(({ type, status: value }) => type === "Ready" && value === "True"),
    pressure: conditions.find(
      ({ type, status: value }) => type.toLowerCase().endsWith("pressure") && value === "True",
    )?.type,
    allocatable: status.allocatable ?? {},
    reported: {
      api: "kubernetes",
      kind: "ClusterNode",
      metadata: { name: node.metadata.name ?? "" },
      status: { conditions },
    },
  };
}

function capacityOf(nodes: readonly NodeView[]): Capacity {
  const ready = nodes.filter((node) => node.isReady);
  const sum = (resource: string): number =>
    ready.reduce(
      (total, node) => total + (parseQuantity(node.allocatable[resource] ?? "0") ?? 0),
      0,
    );
  return {
    cpu_cores: sum("cpu"),
    memory_bytes: sum("memory"),
    pods: sum("pods"),
    nodes: nodes.length,
    nodes_ready: ready.length,
  };
}

/** What is served now, and of the groups that cannot be asked now what they served last. */
function servedKinds({ kinds, silentGroups }: Discovery, before: readonly string[]): string[] {
  const kept = before.filter((name) => silentGroups.includes(name.slice(name.indexOf(".") + 1)));
  return [...new Set([...customKinds(kinds), ...kept])].toSorted();
}

/** `plural.group`, once each and in order, of what is not built in. */
export function customKinds(served: readonly ServedKind[]): string[] {
  const names = served
    .filter(({ group }) => !builtInGroups.has(group))
    .map(({ plural, group }) => `${plural}.${group}`);
  return [...new Set(names)].toSorted();
}
