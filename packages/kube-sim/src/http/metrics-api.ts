/**
 * `metrics.k8s.io/v1beta1` as metrics-server answers it: what Pods and nodes use, made up, and the same in every look. Only
 * `get` and `list`, in one page; names are looked up and refused in its words.
 */
import { createHash } from "node:crypto";
import { methodNotAllowed, notFound, unknownResource } from "../api-error.ts";
import { kinds, type Cluster } from "../cluster.ts";
import { hasCondition } from "../controllers/condition.ts";
import { quantityNumber } from "../defaults/quantity.ts";
import { isMap, listAt, textAt, valueAt, type JsonMap } from "../json.ts";
import { apiVersionOf, kindKey, type SimKind } from "../kind.ts";
import { kubeTime } from "../kube-time.ts";
import type { SimObject } from "../sim-object.ts";
import { sendJson, type Exchange } from "./exchange.ts";
import { matcherOf } from "./reading.ts";
import type { ResourceRoute } from "./route.ts";
import { asksForWatch } from "./watching.ts";

export const metricsGroup = "metrics.k8s.io";

const common = {
  group: metricsGroup,
  version: "v1beta1",
  singular: "",
  shortNames: [],
  categories: [],
  verbs: ["get", "list"],
  hasStatus: false,
  hasScale: false,
  hasGeneration: false,
} as const;
const nodeMetrics: SimKind = {
  ...common,
  kind: "NodeMetrics",
  plural: "nodes",
  namespaced: false,
};
const podMetrics: SimKind = { ...common, kind: "PodMetrics", plural: "pods", namespaced: true };

export const metricsKinds: readonly SimKind[] = [nodeMetrics, podMetrics];

/** Answers one request to the group. */
export function serveMetrics(cluster: Cluster, exchange: Exchange, route: ResourceRoute): void {
  const { namespace, name, subresource } = route;
  const kind = metricsKinds.find(({ plural }) => plural === route.plural);
  const isPlace = kind?.version === route.version && subresource === undefined;
  if (!isPlace || (namespace !== undefined && !kind.namespaced)) throw unknownResource();
  if (exchange.method !== "GET" || asksForWatch(exchange.query)) throw methodNotAllowed();
  const sources = measured(cluster, kind, namespace);
  if (name === undefined) {
    const matches = matcherOf(exchange.query) ?? (() => true);
    const items = sources.filter(matches).map((source) => metricsOf(cluster, source));
    const apiVersion = apiVersionOf(kind);
    sendJson(exchange, 200, { kind: `${kind.kind}List`, apiVersion, metadata: {}, items });
    return;
  }
  const source = sources.find(({ metadata }) => metadata.name === name);
  if (source === undefined) {
    const place = kind.namespaced ? `${namespace ?? ""}/${name}` : name;
    throw notFound({ ...kind, plural: kind.kind.toLowerCase() }, place);
  }
  const head = { kind: kind.kind, apiVersion: apiVersionOf(kind) };
  sendJson(exchange, 200, { ...head, ...metricsOf(cluster, source) });
}

/** The Pods or nodes that are measured: not those that do not run, or do not answer. */
function measured(
  cluster: Cluster,
  kind: SimKind,
  namespace: string | undefined,
): readonly SimObject[] {
  if (kind === podMetrics) return runningPods(cluster, namespace);
  const nodes = cluster.storage.list(kindKey(kinds.node));
  return nodes.filter((node) => hasCondition(node, "Ready"));
}

function metricsOf(cluster: Cluster, source: SimObject): JsonMap {
  return source.kind === "Pod"
    ? {
        ...headOf(cluster, source),
        containers: containersOf(source).map(({ name, cpu, memory }) => {
          return { name, usage: usageOf(cpu, memory) };
        }),
      }
    : { ...headOf(cluster, source), usage: nodeUsage(cluster, source) };
}

/** What its Pods use, and it itself. */
function nodeUsage(cluster: Cluster, node: SimObject): JsonMap {
  const pods = runningPods(cluster, undefined).filter(
    (pod) => textAt(pod, "spec", "nodeName") === node.metadata.name,
  );
  const containers = pods.flatMap(containersOf);
  return usageOf(
    containers.reduce((sum, { cpu }) => sum + cpu, systemCores * fractionOf(node, "cpu")),
    containers.reduce((sum, { memory }) => sum + memory, systemBytes * fractionOf(node, "memory")),
  );
}

/** What a node itself uses, at most. */
const systemCores = 0.5;
const systemBytes = 2 ** 30;
/** What a container without limits uses, at most. */
const freeCores = 0.25;
const freeBytes = 256 * 2 ** 20;

function runningPods(cluster: Cluster, namespace: string | undefined): readonly SimObject[] {
  return cluster.storage
    .list(kindKey(kinds.pod), namespace)
    .filter((pod) => textAt(pod, "status", "phase") === "Running");
}

function containersOf(
  pod: SimObject,
): readonly { readonly name: string; readonly cpu: number; readonly memory: number }[] {
  const statuses = listAt(pod, "status", "containerStatuses");
  const running = statuses.filter((one) => isMap(valueAt(one, "state", "running")));
  const names = new Set(running.map((one) => one["name"]));
  return listAt(pod, "spec", "containers")
    .filter((container) => names.has(container["name"]))
    .map((container) => {
      const name = textAt(container, "name") ?? "";
      return {
        name,
        cpu: fractionOf(pod, `${name}/cpu`) * (limitOf(container, "cpu") ?? freeCores),
        memory: fractionOf(pod, `${name}/memory`) * (limitOf(container, "memory") ?? freeBytes),
      };
    });
}

function limitOf(container: JsonMap, resource: string): number | undefined {
  const limit = valueAt(container, "resources", "limits", resource);
  const isQuantity = typeof limit === "string" || typeof limit === "number";
  return isQuantity ? quantityNumber(limit) : undefined;
}

/** From 0.1 to 0.9, as the uid has it. */
function fractionOf({ metadata }: SimObject, what: string): number {
  const hash = createHash("sha256").update(`${metadata.uid}/${what}`).digest();
  return 0.1 + (0.8 * hash.readUInt32BE(0)) / 2 ** 32;
}

/** In the units in which metrics-server answers: billionths of a core, and KiB. */
function usageOf(cores: number, bytes: number): JsonMap {
  return { cpu: `${Math.ceil(cores * 1e9)}n`, memory: `${Math.ceil(bytes / 1024)}Ki` };
}

/** Measured anew every 15 s. */
const resolutionMs = 15_000;

/** An answer of the moment has neither uid nor version. */
function headOf(cluster: Cluster, { metadata }: SimObject): JsonMap {
  const now = cluster.clock.now();
  const { name, namespace, labels } = metadata;
  return {
    metadata: { name, namespace, creationTimestamp: kubeTime(cluster.clock), labels },
    timestamp: kubeTime({ ...cluster.clock, now: () => now - (now % resolutionMs) }),
    window: `${resolutionMs / 1000}s`,
  };
}
