import { customResources, type Cluster } from "@octoplane/kinds/cluster";
import { taintText, type Taint } from "@octoplane/kinds/taint";

/** A metric of a cluster as it was last read, or why it could not be. */
export type MetricReading =
  | {
      readonly ok: true;
      readonly name: string;
      readonly weight: number;
      /** As the provider gave it. */
      readonly raw: number;
      /** 0 is worst, 1 is best, whatever the direction. */
      readonly value: number;
      readonly time: string;
      readonly provider: string;
    }
  | {
      readonly ok: false;
      readonly name: string;
      readonly weight: number;
      readonly code: string;
      readonly message: string;
    };

/** A taint, and since when it has been there as far as that is known, in milliseconds since the epoch. */
export interface CandidateTaint extends Taint {
  readonly since?: number;
}

/**
 * A cluster as placement sees it. What does not depend on the application is worked out once, because one decision looks
 * at every cluster and thousands of decisions look at the same ones.
 */
export interface Candidate {
  readonly namespace: string;
  readonly name: string;
  readonly state: string;
  readonly isDeleted: boolean;
  readonly isCordoned: boolean;
  readonly isDrained: boolean;
  readonly taints: readonly CandidateTaint[];
  readonly labels: Readonly<Record<string, string>>;
  readonly customResources: ReadonlySet<string>;
  readonly readings: readonly MetricReading[];
  readonly values: ReadonlyMap<string, number>;
  /** True when the cluster names metrics and every one of them could be read. */
  readonly isRanked: boolean;
  /** Σ weight and Σ weight × value over the readings. */
  readonly weightSum: number;
  readonly weightedSum: number;
}

export function candidateOf(cluster: Cluster, readings: readonly MetricReading[]): Candidate {
  const values = new Map<string, number>();
  let weightSum = 0;
  let weightedSum = 0;
  for (const reading of readings) {
    if (!reading.ok) continue;
    values.set(reading.name, reading.raw);
    weightSum += reading.weight;
    weightedSum += reading.weight * reading.value;
  }
  return {
    namespace: cluster.metadata.namespace ?? "",
    name: cluster.metadata.name,
    state: stateOf(cluster, readings),
    isDeleted: cluster.metadata.deleted !== null,
    isCordoned: cluster.spec.cordoned === true,
    isDrained: cluster.spec.drain === true,
    taints: (cluster.spec.taints ?? []).map((taint) => {
      const since = Date.parse(cluster.status.taints_since?.[taintText(taint)] ?? "");
      return Number.isNaN(since) ? taint : { ...taint, since };
    }),
    labels: cluster.metadata.labels,
    customResources: new Set(customResources(cluster)),
    readings,
    values,
    isRanked: readings.length > 0 && readings.every((reading) => reading.ok),
    weightSum,
    weightedSum,
  };
}

/**
 * The state with what is known of the metrics now: the status says so a moment later, and in that moment an application
 * would be moved because a metric could not be read.
 */
function stateOf(cluster: Cluster, readings: readonly MetricReading[]): string {
  const { state } = cluster.status;
  if (state !== "ONLINE" && state !== "FAILING_METRICS") return state;
  return readings.every((reading) => reading.ok) ? "ONLINE" : "FAILING_METRICS";
}
