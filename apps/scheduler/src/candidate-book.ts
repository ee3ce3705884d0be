import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "@octoplane/kinds/cluster";
import { candidateOf, type Candidate } from "@octoplane/placement/candidate";
import type { MetricReading } from "@octoplane/placement/candidate";

/** `measures`: only what it has or runs, which changes all the time and concerns few. */
export type CandidateChange = "none" | "measures" | "all";

/**
 * The clusters as placement sees them, by namespace and in order of their names; worked out again only for what changed.
 */
export class CandidateBook {
  readonly #byKey = new Map<string, Candidate>();
  readonly #byNamespace = new Map<string, NamespaceCandidates>();
  /** Clusters with a metric whose first fetch is still under way. */
  readonly #pending = new Map<string, Set<string>>();

  /** Takes a cluster in, and says what changed about it that placement looks at. */
  put(
    key: string,
    cluster: Cluster,
    readings: readonly MetricReading[] | undefined,
  ): CandidateChange {
    return this.putCandidate(key, candidateOf(cluster, readings ?? []), readings === undefined);
  }

  /** The same of whatever is one; `isPending` while a metric of it is being fetched for the first time. */
  putCandidate(key: string, next: Candidate, isPending: boolean): CandidateChange {
    this.#mark(next.namespace, key, isPending);
    const previous = this.#byKey.get(key);
    if (previous && sameForPlacement(previous, next)) {
      // Times of readings move on without anyone having to decide anew; the next decision shows the newer ones.
      if (!isDeepStrictEqual(previous.readings, next.readings)) this.#set(key, next);
      if (sameMeasures(previous, next)) return "none";
      this.#set(key, next);
      return "measures";
    }
    this.#set(key, next);
    return "all";
  }

  get(key: string): Candidate | undefined {
    return this.#byKey.get(key);
  }

  /**
   * What all of a namespace (`null`: of any) share beside the clusters has changed: the next list is another one. Gives the
   * namespaces of which there are lists.
   */
  touch(namespace: string | null): readonly string[] {
    const known = [...this.#byNamespace.keys()];
    const touched = namespace === null ? known : known.filter((name) => name === namespace);
    for (const name of touched) this.#byNamespace.get(name)?.touch();
    return touched;
  }

  /** True when it was there. */
  remove(key: string, namespace: string): boolean {
    this.#mark(namespace, key, false);
    this.#byNamespace.get(namespace)?.remove(key);
    return this.#byKey.delete(key);
  }

  /** The candidates of a namespace; `undefined` while the metrics of one of them are being fetched for the first time. */
  of(namespace: string): readonly Candidate[] | undefined {
    if ((this.#pending.get(namespace)?.size ?? 0) > 0) return undefined;
    return this.#candidatesOf(namespace).list();
  }

  #set(key: string, candidate: Candidate): void {
    this.#byKey.set(key, candidate);
    this.#candidatesOf(candidate.namespace).set(key, candidate);
  }

  #candidatesOf(namespace: string): NamespaceCandidates {
    let candidates = this.#byNamespace.get(namespace);
    if (!candidates) {
      this.#byNamespace.set(namespace, (candidates = new NamespaceCandidates()));
    }
    return candidates;
  }

  #mark(namespace: string, key: string, pending: boolean): void {
    const keys = this.#pending.get(namespace) ?? new Set();
    if (pending) keys.add(key);
    else keys.delete(key);
    this.#pending.set(namespace, keys);
  }
}

/**
 * The candidates of one namespace, and the list of them: another one after each change, put in order anew only when one has come or
 * gone, because most changes are of a metric of one among thousands.
 */
class NamespaceCandidates {
  readonly #byKey = new Map<string, Candidate>();
  #list: readonly Candidate[] | undefined;
  /** Those that changed since, by name. */
  readonly #changed = new Map<string, Candidate>();
  #isTouched = false;

  set(key: string, candidate: Candidate): void {
    if (this.#byKey.has(key)) this.#changed.set(candidate.name, candidate);
    else this.#list = undefined;
    this.#byKey.set(key, candidate);
  }

  remove(key: string): void {
    this.#byKey.delete(key);
    this.#list = undefined;
  }

  touch(): void {
    this.#isTouched = true;
  }

  list(): readonly Candidate[] {
    if (this.#list === undefined) {
      this.#list = [...this.#byKey.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    } else if (this.#changed.size > 0) {
      this.#list = this.#list.map((candidate) => this.#changed.get(candidate.name) ?? candidate);
    } else if (this.#isTouched) this.#list = [...this.#list];
    this.#changed.clear();
    this.#isTouched = false;
    return this.#list;
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
    sameScores(a.readings, b.readings) &&
    isDeepStrictEqual(a.labels, b.labels) &&
    isDeepStrictEqual(a.values, b.values) &&
    isDeepStrictEqual(a.customResources, b.customResources)
  );
}

function sameMeasures(a: Candidate, b: Candidate): boolean {
  return (
    a.version === b.version &&
    a.isElastic === b.isElastic &&
    isDeepStrictEqual(a.capacity, b.capacity)
  );
}

/** What policies and weights of applications make of readings, whatever the clusters' own weights say. */
function sameScores(a: readonly MetricReading[], b: readonly MetricReading[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index]!;
      if (one.name !== other.name || one.countsAs !== other.countsAs) return false;
      return one.ok ? other.ok && one.value === other.value : !other.ok;
    })
  );
}
