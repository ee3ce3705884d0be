import { factsOf, listOf, type Facts } from "./manifest-facts.ts";
import type { ManifestObject } from "./manifest.ts";
import { migrationSideOf } from "./migration-hook.ts";
import { podSpecOf } from "./pod-spec.ts";
import { parseQuantity } from "./quantity.ts";

/** What an application asks for of a cluster, all its Pods together. */
export interface Requests {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

/** Of one Pod, by resource. */
interface Amounts {
  readonly cpu: number;
  readonly memory: number;
}

const nothing: Amounts = { cpu: 0, memory: 0 };

/**
 * What the Pods of a manifest request together, as the scheduler of Kubernetes counts them ("Resource Management for Pods
 * and Containers", "Sidecar Containers", "Pod Overhead"): a container without a request counts with its limit, init
 * containers run one after the other and before the rest, those that restart always run beside all that come later, and
 * requests of a Pod as a whole take the place of the sum of its containers.
 *
 * The replicas are those that are written there (1 where none are); a Job counts with all that it runs at once, a CronJob as one of
 * its Jobs, a DaemonSet as one Pod, because the number of nodes is the cluster's. Custom resources count nothing: nobody
 * knows what they start, and neither do hooks of a migration, which are over before it is. What cannot be read counts as nothing. Pure.
 */
export function requestsOf(manifest: readonly ManifestObject[]): Requests {
  let [cpuCores, memoryBytes, pods] = [0, 0, 0];
  for (const item of manifest) {
    const count = migrationSideOf(item) === undefined ? podsOf(item) : 0;
    if (count === 0) continue;
    const { cpu, memory } = podAmounts(podSpecOf(item));
    cpuCores += cpu * count;
    memoryBytes += memory * count;
    pods += count;
  }
  return { cpuCores, memoryBytes, pods };
}

/** How many Pods an object of a workload kind starts; none, of every other kind. */
function podsOf(item: ManifestObject): number {
  const spec = factsOf(item["spec"]);
  switch (`${groupOf(item)} ${textOrNone(item["kind"])}`) {
    case " Pod":
    case "apps DaemonSet":
      return 1;
    case " ReplicationController":
    case "apps ReplicaSet":
    case "apps Deployment":
    case "apps StatefulSet":
      return countOf(spec["replicas"], 1);
    case "batch Job":
      return jobPods(spec);
    case "batch CronJob":
      return jobPods(factsOf(factsOf(spec["jobTemplate"])["spec"]));
    default:
      return 0;
  }
}

/** A Job runs `parallelism` Pods at once, and never more than are left to complete. */
function jobPods(spec: Facts): number {
  if (spec["suspend"] === true) return 0;
  const parallelism = countOf(spec["parallelism"], 1);
  return Math.min(parallelism, countOf(spec["completions"], Infinity));
}

function podAmounts(spec: Facts): Amounts {
  const containers = listOf(spec["containers"]).map(containerAmounts).reduce(plus, nothing);
  let sidecars = nothing;
  let start = nothing;
  for (const init of listOf(spec["initContainers"])) {
    const amounts = containerAmounts(init);
    if (init["restartPolicy"] === "Always") {
      sidecars = plus(sidecars, amounts);
      start = most(start, sidecars);
    } else start = most(start, plus(sidecars, amounts));
  }
  const summed = most(plus(containers, sidecars), start);
  const whole = statedAmounts(spec["resources"]);
  const asked = { cpu: whole.cpu ?? summed.cpu, memory: whole.memory ?? summed.memory };
  const overhead = factsOf(spec["overhead"]);
  return plus(asked, {
    cpu: amountOf(overhead["cpu"]) ?? 0,
    memory: amountOf(overhead["memory"]) ?? 0,
  });
}

function containerAmounts(container: Facts): Amounts {
  const { cpu, memory } = statedAmounts(container["resources"]);
  return { cpu: cpu ?? 0, memory: memory ?? 0 };
}

/** Requests, and limits where there is no request. */
function statedAmounts(resources: unknown): {
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
} {
  const requests = factsOf(factsOf(resources)["requests"]);
  const limits = factsOf(factsOf(resources)["limits"]);
  return {
    cpu: amountOf(requests["cpu"]) ?? amountOf(limits["cpu"]),
    memory: amountOf(requests["memory"]) ?? amountOf(limits["memory"]),
  };
}

function plus(a: Amounts, b: Amounts): Amounts {
  return { cpu: a.cpu + b.cpu, memory: a.memory + b.memory };
}

function most(a: Amounts, b: Amounts): Amounts {
  return { cpu: Math.max(a.cpu, b.cpu), memory: Math.max(a.memory, b.memory) };
}

/** A quantity as manifests write it: text, or a bare number. */
function amountOf(value: unknown): number | undefined {
  const amount =
    typeof value === "number"
      ? value
      : typeof value === "string"
        ? parseQuantity(value)
        : undefined;
  return amount !== undefined && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}

function countOf(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0
    ? Math.floor(value)
    : otherwise;
}

function groupOf(item: ManifestObject): string {
  const version = textOrNone(item["apiVersion"]);
  const slash = version.indexOf("/");
  return slash < 0 ? "" : version.slice(0, slash);
}

function textOrNone(value: unknown): string {
  return typeof value === "string" ? value : "";
}
