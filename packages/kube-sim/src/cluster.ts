import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Random } from "@octoplane/shared/random";
import { builtinKind } from "./builtin-kinds.ts";
import { Containers } from "./containers/containers.ts";
import { Faults } from "./faults.ts";
import { KindTable } from "./kind-table.ts";
import { ObjectStorage } from "./storage.ts";
import type { Timers } from "./timers.ts";
import { Traffic } from "./traffic.ts";

/** Everything that one simulated cluster is made of; the operations and controllers work on it. */
export interface Cluster {
  readonly name: string;
  /** As `/version` answers it: `v1.36.3`. */
  readonly version: string;
  readonly storage: ObjectStorage;
  readonly kinds: KindTable;
  readonly faults: Faults;
  readonly traffic: Traffic;
  /** What is inside the containers. */
  readonly containers: Containers;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: ClusterSettings;
  /**
   * When the kubelet took each pod that is there, by uid, in milliseconds of the monotonic clock.
   */
  readonly podStarts: Map<string, number>;
  /** Counts given addresses, so that no two objects share one. */
  readonly addresses: { pods: number; services: number; balancers: number };
}

/** What may change while the cluster runs; it holds for what starts afterwards. */
export interface ClusterSettings {
  /** How long a pod, a claim, a load balancer or a definition takes to become ready. */
  readyDelayMs: number;
  /** How often a quiet watch gets a bookmark, if it asked for them. */
  bookmarkMs: number;
  /** Whether `metrics.k8s.io` is served, as it is where metrics-server is installed. */
  metrics: boolean;
}

export interface ClusterParts {
  readonly name: string;
  readonly version: string;
  readonly readyDelayMs: number;
  readonly metrics: boolean;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly random: Random;
}

export function makeCluster(parts: ClusterParts): Cluster {
  return {
    name: parts.name,
    version: parts.version,
    storage: new ObjectStorage(limits.simHistoryEventsMax),
    kinds: new KindTable(),
    faults: new Faults(parts.random),
    traffic: new Traffic(),
    containers: new Containers(parts.clock),
    timers: parts.timers,
    clock: parts.clock,
    random: parts.random,
    settings: {
      readyDelayMs: parts.readyDelayMs,
      bookmarkMs: limits.simBookmarkMs,
      metrics: parts.metrics,
    },
    podStarts: new Map(),
    addresses: { pods: 0, services: 0, balancers: 0 },
  };
}

/** Deletions take a moment too, but never as long as becoming ready. */
export function shortDelayMs(cluster: Cluster): number {
  return Math.min(cluster.settings.readyDelayMs, limits.simDeletionMs);
}

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** Five letters as Kubernetes appends them to generated names. */
export function nameSuffix(cluster: Cluster): string {
  const bytes = cluster.random.bytes(5);
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join("");
}

/** The built-in kinds that the simulator itself works with. */
export const kinds = {
  namespace: builtinKind("/namespaces"),
  node: builtinKind("/nodes"),
  pod: builtinKind("/pods"),
  service: builtinKind("/services"),
  configMap: builtinKind("/configmaps"),
  secret: builtinKind("/secrets"),
  account: builtinKind("/serviceaccounts"),
  claim: builtinKind("/persistentvolumeclaims"),
  volume: builtinKind("/persistentvolumes"),
  endpoints: builtinKind("/endpoints"),
  replicationController: builtinKind("/replicationcontrollers"),
  deployment: builtinKind("apps/deployments"),
  replicaSet: builtinKind("apps/replicasets"),
  statefulSet: builtinKind("apps/statefulsets"),
  daemonSet: builtinKind("apps/daemonsets"),
  controllerRevision: builtinKind("apps/controllerrevisions"),
  job: builtinKind("batch/jobs"),
  definition: builtinKind("apiextensions.k8s.io/customresourcedefinitions"),
  storageClass: builtinKind("storage.k8s.io/storageclasses"),
  endpointSlice: builtinKind("discovery.k8s.io/endpointslices"),
} as const;
