import { customResources, type Cluster } from "@octoplane/kinds/cluster";
import { conditionOf } from "@octoplane/kinds/condition";
import type { MetricUnit } from "@octoplane/kinds/metric-unit";
import { taintText, type Taint } from "@octoplane/kinds/taint";

/** Which metric it is. What is left out is false, or not said. */
interface MetricIdentity {
  readonly name: string;
  readonly weight: number;
  /** True for a Metric of the namespace, false or left out for a GlobalMetric. */
  readonly namespaced?: boolean;
  /** The name by which policies and applications weigh it, when that is another one. */
  readonly countsAs?: string;
  readonly unit?: MetricUnit;
}

/** A metric of a cluster as it was last read, or why it could not be. */
export type MetricReading = MetricIdentity & (Value | Failure);

type Value = {
  readonly ok: true;
  /** As the provider gave it. */
  readonly raw: number;
  /** 0 is worst, 1 is best, whatever the direction. */
  readonly value: number;
  readonly time: string;
  readonly provider: string;
  /** True when nobody measured it: the middle of the range stands for a value that is stale. */
  readonly isAssumed?: boolean;
  /** True when it was measured of this cluster; otherwise it is one number for all clusters that name the metric. */
  readonly isOwn?: boolean;
};

type Failure = {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  /** True while it is asked for the first time: there is nothing to tell of it yet. */
  readonly isPending?: boolean;
};

/** A taint, and since when it has been there as far as that is known, in milliseconds since the epoch. */
export interface CandidateTaint extends Taint {
  readonly since?: number;
}

/** What a cluster has and what is free of it, in cores and bytes; what is not known is left out. */
export interface CandidateCapacity {
  readonly cpu_cores: number;
  readonly memory_bytes: number;
  readonly pods: number;
  readonly nodes: number;
  readonly nodes_ready: number;
  readonly cpu_free_cores?: number;
  readonly memory_free_bytes?: number;
  readonly pods_free?: number;
  /** When what is free was counted. */
  readonly free_at?: string;
}

/** What clusters are made on, or in. */
export type MakerKind = "Cloud" | "GlobalCloud" | "Project";

/**
 * A cluster as placement sees it. What does not depend on the application is worked out once, because one decision looks
 * at every cluster and thousands of decisions look at the same ones.
 */
export interface Candidate {
  /** Absent for a cluster. Of a global cloud the namespace is empty. */
  readonly kind?: MakerKind;
  readonly namespace: string;
  readonly name: string;
  readonly state: string;
  readonly isDeleted: boolean;
  readonly isCordoned: boolean;
  readonly isDrained: boolean;
  readonly taints: readonly CandidateTaint[];
  readonly labels: Readonly<Record<string, string>>;
  readonly customResources: ReadonlySet<string>;
  /** Of Kubernetes; absent until it is known, as is the capacity. */
  readonly version?: string;
  readonly capacity?: CandidateCapacity;
  /** True when nodes come as they are needed: what is free now refuses nothing. */
  readonly isElastic?: boolean;
  readonly readings: readonly MetricReading[];
  readonly values: ReadonlyMap<string, number>;
  /** True when the cluster names metrics and every one of them could be read. */
  readonly isRanked: boolean;
  /** Σ weight and Σ weight × value over the readings. */
  readonly weightSum: number;
  readonly weightedSum: number;
}

export function candidateOf(cluster: Cluster, readings: readonly MetricReading[]): Candidate {
  return {
    namespace: cluster.metadata.namespace ?? "",
    name: cluster.metadata.name,
    state: stateWith(cluster.status.state, readings),
    isDeleted: cluster.metadata.deleted !== null || isRetiring(cluster),
    isCordoned: cluster.spec.cordoned === true,
    isDrained: cluster.spec.drain === true,
    taints: (cluster.spec.taints ?? []).map((taint) => {
      const since = Date.parse(cluster.status.taints_since?.[taintText(taint)] ?? "");
      return Number.isNaN(since) ? taint : { ...taint, since };
    }),
    labels: cluster.metadata.labels,
    customResources: new Set(customResources(cluster)),
    ...measuredOf(cluster),
    ...readingFacts(readings),
  };
}

/** Nobody uses it, and it is deleted in a moment: nothing comes there any more. */
function isRetiring({ status }: Cluster): boolean {
  return conditionOf(status.conditions, "Retiring")?.status === "True";
}

/** A cloud or a project, on which there is no cluster yet, with the same meaning of labels, metrics and state. */
export function candidateOfMaker(
  maker: {
    readonly kind: string;
    readonly metadata: Pick<Cluster["metadata"], "namespace" | "name" | "labels" | "deleted">;
    readonly status: { readonly state: string };
  },
  readings: readonly MetricReading[],
): Candidate {
  const { metadata } = maker;
  return {
    // The callers have feeds of these kinds only.
    kind: maker.kind as MakerKind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    state: stateWith(maker.status.state, readings),
    isDeleted: metadata.deleted !== null,
    isCordoned: false,
    isDrained: false,
    taints: [],
    labels: metadata.labels,
    customResources: new Set(),
    ...readingFacts(readings),
  };
}

/** `cluster`, `cloud` or `project`, for sentences. */
export function nounOf({ kind }: Pick<Candidate, "kind">): string {
  if (kind === undefined) return "cluster";
  return kind === "Project" ? "project" : "cloud";
}

/** The same cluster with other readings. */
export function withReadings(candidate: Candidate, readings: readonly MetricReading[]): Candidate {
  return {
    ...candidate,
    state: stateWith(candidate.state, readings),
    ...readingFacts(readings),
  };
}

/** What the readings come to, worked out once for all applications: the same in whatever order a cluster names them. */
function readingFacts(
  all: readonly MetricReading[],
): Pick<Candidate, "readings" | "values" | "isRanked" | "weightSum" | "weightedSum"> {
  const readings = all.toSorted(byScopeAndName);
  const values = new Map<string, number>();
  const weights: number[] = [];
  const weighted: number[] = [];
  for (const reading of readings) {
    if (!reading.ok) continue;
    if (!values.has(reading.name)) values.set(reading.name, reading.raw);
    weights.push(reading.weight);
    weighted.push(reading.weight * reading.value);
  }
  const isRanked = readings.length > 0 && readings.every((reading) => reading.ok);
  return { readings, values, isRanked, weightSum: sum(weights), weightedSum: sum(weighted) };
}

/** A metric of the namespace comes before a global one: where both have the name that is asked for, it is meant. */
function byScopeAndName(a: MetricReading, b: MetricReading): number {
  const [isOwn, isOther] = [a.namespaced === true, b.namespaced === true];
  if (isOwn !== isOther) return isOwn ? -1 : 1;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.weight - b.weight;
}

/** In order of the numbers, so that equal numbers have an equal sum: the last digit of a sum depends on its order. */
function sum(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b).reduce((total, one) => total + one, 0);
}

function measuredOf({
  spec,
  status,
}: Cluster): Pick<Candidate, "version" | "capacity" | "isElastic"> {
  const { version, capacity } = status;
  return {
    ...(version === null || version === undefined ? {} : { version }),
    ...(capacity === null || capacity === undefined ? {} : { capacity }),
    ...(spec.elastic === true ? { isElastic: true } : {}),
  };
}

/**
 * The state with what is known of the metrics now: the status says so a moment later, and in that moment an application
 * would be moved because a metric could not be read.
 */
function stateWith(state: string, readings: readonly MetricReading[]): string {
  if (state !== "ONLINE" && state !== "FAILING_METRICS") return state;
  return readings.every((reading) => reading.ok) ? "ONLINE" : "FAILING_METRICS";
}
