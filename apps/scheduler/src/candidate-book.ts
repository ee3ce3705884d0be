import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "@octoplane/kinds/cluster";
import { candidateOf, type Candidate } from "@octoplane/placement/candidate";
import type { MetricReading } from "@octoplane/placement/candidate";

/**
 * The clusters as placement sees them, by namespace and in order of their names; worked out again only for what changed.
 */
export class CandidateBook {
  readonly #byKey = new Map<string, Candidate>();
  readonly #byNamespace = new Map<string, Candidate[] | undefined>();
  /** Clusters with a metric whose first fetch is still under way. */
  readonly #pending = new Map<string, Set<string>>();

  /** Takes a cluster in; true when something about it changed that placement looks at. */
  put(key: string, cluster: Cluster, readings: readonly MetricReading[] | undefined): boolean {
    const namespace = cluster.metadata.namespace ?? "";
    this.#mark(namespace, key, readings === undefined);
    const next = candidateOf(cluster, readings ?? []);
    const previous = this.#byKey.get(key);
    if (previous && sameForPlacement(previous, next)) {
      // Times of readings move on without anyone having to decide anew; the next decision shows the newer ones.
      if (!isDeepStrictEqual(previous.readings, next.readings)) this.#set(key, next);
      return false;
    }
    this.#set(key, next);
    return true;
  }

  /** True when it was there. */
  remove(key: string, namespace: string): boolean {
    this.#mark(namespace, key, false);
    this.#byNamespace.delete(namespace);
    return this.#byKey.delete(key);
  }

  /** The candidates of a namespace; `undefined` while the metrics of one of them are being fetched for the first time. */
  of(namespace: string): readonly Candidate[] | undefined {
    if ((this.#pending.get(namespace)?.size ?? 0) > 0) return undefined;
    let list = this.#byNamespace.get(namespace);
    if (!list) {
      list = [...this.#byKey.values()]
        .filter((candidate) => candidate.namespace === namespace)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
      this.#byNamespace.set(namespace, list);
    }
    return list;
  }

  #set(key: string, candidate: Candidate): void {
    this.#byKey.set(key, candidate);
    this.#byNamespace.delete(candidate.namespace);
  }

  #mark(namespace: string, key: string, pending: boolean): void {
    const keys = this.#pending.get(namespace) ?? new Set();
    if (pending) keys.add(key);
    else keys.delete(key);
    this.#pending.set(namespace, keys);
  }
}

function sameForPlacement(a: Candidate, b: Candidate): boolean {
  return (
    a.state === b.state &&
    a.isDeleted === b.isDeleted &&
    a.isCordoned === b.isCordoned &&
    a.isDrained === b.isDrained &&
    isDeepStrictEqual(a.taints, b.taints) &&
    a.isRanked === b.isRanked &&
    a.weightSum === b.weightSum &&
    a.weightedSum === b.weightedSum &&
    isDeepStrictEqual(a.labels, b.labels) &&
    isDeepStrictEqual(a.values, b.values) &&
    isDeepStrictEqual(a.customResources, b.customResources)
  );
}
