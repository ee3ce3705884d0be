/**
 * The scheduler and the kubelet of all pods: a node, a wait, and then what the image's name says.
 */
import { kinds, type Cluster } from "../cluster.ts";
import { canonicalJson, listAt, mapAt, textAt, textMapAt, valueAt, type JsonMap } from "../json.ts";
import { kubeTime } from "../kube-time.ts";
import { storeState } from "../operations/internal-write.ts";
import { controllerOf, type SimObject } from "../sim-object.ts";
import { conditionsOf, hasCondition, setCondition, type Condition } from "./condition.ts";
import { containerStatuses, isUnhealthyImage, type ContainerState } from "./container-state.ts";
import { isFinished } from "./pods.ts";
import { waitsFor } from "./pod-needs.ts";
import type { Recheck } from "./reconcile.ts";

export function reconcilePod(cluster: Cluster, pod: SimObject, recheck: Recheck): void {
  if (pod.metadata.deletionTimestamp !== undefined || isFinished(pod)) return;
  const needs = waitsFor(cluster, pod);
  if (needs?.blocksScheduling === true) {
    store(cluster, pod, { phase: "Pending", state: undefined, message: needs.message });
    return;
  }
  const node = nodeFor(cluster, pod);
  if (node === undefined) {
    const total = cluster.storage.list("/nodes").length;
    const message =
      `0/${total} nodes are available: ` +
      `${total} node(s) didn't match Pod's node affinity/selector.`;
    store(cluster, pod, { phase: "Pending", state: undefined, message });
    return;
  }
  const scheduled = withNode(cluster, pod, node);
  if (needs !== undefined) {
    const state: ContainerState = { type: "waiting", reason: needs.reason, message: needs.message };
    store(cluster, scheduled, { phase: "Pending", state });
    return;
  }
  const elapsedMs = elapsedSince(cluster, scheduled);
  const delayMs = cluster.settings.readyDelayMs;
  const isBad = isUnhealthyImage(scheduled);
  if (textAt(scheduled, "status", "phase") !== "Running" && elapsedMs < delayMs) {
    store(cluster, scheduled, {
      phase: "Pending",
      state: { type: "waiting", reason: "ContainerCreating" },
    });
    recheck(delayMs - elapsedMs);
    return;
  }
  const runsToEnd = controllerOf(pod)?.kind === "Job";
  if (isBad === "missing") {
    store(cluster, scheduled, { phase: "Pending", state: { type: "pull" } });
  } else if (isBad === "crashing") crash(cluster, scheduled, runsToEnd);
  else if (!runsToEnd) run(cluster, scheduled, node);
  else if (elapsedMs < delayMs * 2) {
    run(cluster, scheduled, node);
    recheck(delayMs * 2 - elapsedMs);
  } else store(cluster, scheduled, { phase: "Succeeded", state: { type: "done", exitCode: 0 } });
}

function crash(cluster: Cluster, pod: SimObject, runsToEnd: boolean): void {
  const neverRestarts = textAt(pod, "spec", "restartPolicy") === "Never";
  if (runsToEnd && neverRestarts) {
    store(cluster, pod, { phase: "Failed", state: { type: "done", exitCode: 1 } });
  } else store(cluster, pod, { phase: "Running", state: { type: "crash" } });
}

function run(cluster: Cluster, pod: SimObject, node: SimObject): void {
  const isNodeReady = hasCondition(node, "Ready");
  store(cluster, pod, { phase: "Running", state: { type: "running" }, isNodeReady });
}

/**
 * Milliseconds since the kubelet took the pod; `startTime` with its whole seconds is too coarse for
 * it.
 */
function elapsedSince(cluster: Cluster, pod: SimObject): number {
  const now = cluster.clock.monotonic();
  const started = cluster.podStarts.get(pod.metadata.uid) ?? now;
  cluster.podStarts.set(pod.metadata.uid, started);
  return now - started;
}

function nodeFor(cluster: Cluster, pod: SimObject): SimObject | undefined {
  const name = textAt(pod, "spec", "nodeName");
  if (name !== undefined) return cluster.storage.get("/nodes", undefined, name);
  const selector = textMapAt(pod, "spec", "nodeSelector");
  const fitting = cluster.storage.list("/nodes").filter((node) => {
    const labels = node.metadata.labels ?? {};
    return (
      hasCondition(node, "Ready") &&
      valueAt(node, "spec", "unschedulable") !== true &&
      Object.entries(selector).every(([key, value]) => labels[key] === value)
    );
  });
  cluster.addresses.pods += 1;
  return fitting[cluster.addresses.pods % Math.max(1, fitting.length)];
}

function withNode(cluster: Cluster, pod: SimObject, node: SimObject): SimObject {
  if (textAt(pod, "status", "podIP") !== undefined) return pod;
  cluster.addresses.pods += 1;
  const number = cluster.addresses.pods % 65_000;
  const address = `10.244.${number >> 8}.${(number & 255) + 1}`;
  const hostAddress = textAt(listAt(node, "status", "addresses")[0], "address") ?? "127.0.0.1";
  const isOnHost = valueAt(pod, "spec", "hostNetwork") === true;
  const podIP = isOnHost ? hostAddress : address;
  return {
    ...pod,
    spec: { ...mapAt(pod, "spec"), nodeName: node.metadata.name },
    status: {
      ...mapAt(pod, "status"),
      hostIP: hostAddress,
      hostIPs: [{ ip: hostAddress }],
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: kubeTime(cluster.clock),
    },
  };
}

interface PodState {
  readonly phase: string;
  /** Undefined while the pod has no node. */
  readonly state: ContainerState | undefined;
  readonly message?: string;
  readonly isNodeReady?: boolean;
}

function store(cluster: Cluster, pod: SimObject, next: PodState): void {
  const old = mapAt(pod, "status");
  let conditions = conditionsOf(pod);
  for (const condition of conditionsFor(pod, next)) {
    conditions = setCondition(cluster, conditions, { condition });
  }
  const status: JsonMap = {
    ...old,
    phase: next.phase,
    conditions,
    qosClass: qualityOf(pod),
    observedGeneration: pod.metadata.generation ?? 1,
  };
  if (next.state !== undefined) {
    Object.assign(status, containerStatuses(cluster, pod, next.state));
  }
  storeState(cluster, kinds.pod, { ...pod, status });
}

function conditionsFor(pod: SimObject, next: PodState): readonly Condition[] {
  if (next.state === undefined) {
    const message = next.message ?? "";
    return [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
  }
  const isRunning = next.state.type === "running";
  const isReady = isRunning && next.isNodeReady !== false;
  const isDone = next.state.type === "done";
  const names = listAt(pod, "spec", "containers").map((container) => textAt(container, "name"));
  const unready = isDone
    ? { reason: "PodCompleted" }
    : {
        reason: "ContainersNotReady",
        message: `containers with unready status: [${names.join(" ")}]`,
      };
  const readiness = isReady
    ? { status: "True" as const }
    : { status: "False" as const, ...unready };
  return [
    { type: "PodReadyToStartContainers", status: isDone ? "False" : "True" },
    { type: "Initialized", status: "True", ...(isDone ? { reason: "PodCompleted" } : {}) },
    { type: "Ready", ...readiness },
    { type: "ContainersReady", ...readiness },
    { type: "PodScheduled", status: "True" },
  ];
}

function qualityOf(pod: SimObject): string {
  const resources = listAt(pod, "spec", "containers").map((container) =>
    mapAt(container, "resources"),
  );
  const isEmpty = resources.every(
    (entry) => entry["limits"] === undefined && entry["requests"] === undefined,
  );
  if (isEmpty) return "BestEffort";
  const isFull = resources.every((entry) => {
    const limits = mapAt(entry, "limits");
    const hasBoth = limits["cpu"] !== undefined && limits["memory"] !== undefined;
    return hasBoth && canonicalJson(limits) === canonicalJson(mapAt(entry, "requests"));
  });
  return isFull ? "Guaranteed" : "Burstable";
}
