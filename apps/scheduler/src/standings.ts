import type { Application } from "@octoplane/kinds/application";
import { boundPlaces } from "@octoplane/kinds/bound-places";
import type { Cluster } from "@octoplane/kinds/cluster";
import type { Place } from "@octoplane/kinds/decision";
import { localDataOf } from "@octoplane/kinds/local-data";
import type { Requests } from "@octoplane/kinds/workload-requests";
import type { Candidate } from "@octoplane/placement/candidate";
import { neighbourFacts } from "@octoplane/placement/neighbours/neighbour-facts";
import { standingOf } from "@octoplane/placement/neighbours/standing";
import { StandingBook } from "@octoplane/placement/neighbours/standing-book";
import { requestsOfApplication, requestsOfShare } from "@octoplane/placement/promises";
import type { Snapshot } from "@octoplane/placement/snapshot";
import { isWaiting } from "@octoplane/placement/waiting";
import { ClusterPromises } from "./cluster-promises.ts";
import { NeighbourInterest } from "./neighbour-interest.ts";

/** Where an application stands, and what it requests there. */
interface Stand extends Place {
  readonly requests: Requests;
}

/** A place of a decision; `share` is of the replicas, relative to the other places: left out or null, all of them. */
interface PlaceWithShare extends Place {
  readonly share?: number | null;
}

interface Entry {
  readonly app: Application;
  /** Where it was just decided to belong, until the feed shows it. */
  reserved?: { readonly places: readonly PlaceWithShare[]; revision?: bigint };
  stands: readonly Stand[];
}

/**
 * What stands where and what was promised on which cluster: what the feeds show, and beyond that what was decided here and
 * is still being written. Decisions are made one after the other, each on what the one before has reserved.
 */
export class Standings {
  readonly #entries = new Map<string, Entry>();
  readonly #book = new StandingBook();
  readonly #interest = new NeighbourInterest();
  readonly #clusters = new Map<string, ClusterPromises>();
  readonly #onConcerned: (keys: readonly string[]) => void;

  /** `onConcerned` hears the keys of those who have to be decided on anew. */
  constructor(onConcerned: (keys: readonly string[]) => void = () => undefined) {
    this.#onConcerned = onConcerned;
  }

  /** Takes in an application as the feed shows it. */
  put(key: string, app: Application, revision: bigint): void {
    if (app.metadata.deleted !== null) return this.remove(key);
    const before = this.#entries.get(key);
    const reserved = before?.reserved;
    const isShown = reserved?.revision !== undefined && revision >= reserved.revision;
    const kept = reserved && !isShown ? { reserved } : {};
    this.#interest.put(key, app, isWaiting(app));
    this.#stand(key, { app, ...kept, stands: before?.stands ?? [] });
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    const standing = this.#book.get(key);
    this.#entries.delete(key);
    this.#interest.remove(key, entry.app.metadata.namespace ?? "");
    this.#book.put(key, undefined);
    for (const place of entry.stands) this.#forget(place, key);
    this.#onConcerned(this.#interest.concernedBy(standing, undefined));
  }

  /** True when more has become free there than decisions knew of. */
  putCluster(key: string, cluster: Cluster | undefined): boolean {
    const promises = this.#clusters.get(key) ?? new ClusterPromises();
    this.#clusters.set(key, promises);
    const tookIn = promises.setCluster(cluster);
    if (promises.isEmpty) this.#clusters.delete(key);
    return tookIn;
  }

  /** Those of a namespace that wait for a place, or whose expressions look at what changes all the time. */
  waiting(namespace: string): Iterable<string> {
    return this.#interest.waiting(namespace);
  }

  /** Before a decision is written: nobody else gets what it takes. */
  reserve(key: string, places: readonly PlaceWithShare[]): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.reserved = { places };
    this.#stand(key, entry);
  }

  /** It was written; the reservation ends when the feed shows that revision. */
  settle(key: string, revision: bigint): void {
    const reserved = this.#entries.get(key)?.reserved;
    if (reserved) reserved.revision = revision;
  }

  /** It was not written: what it took is given back. */
  release(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry?.reserved) return;
    delete entry.reserved;
    this.#stand(key, entry);
  }

  /** What a decision has to know of all that, and no more. */
  facts(
    app: Application,
    candidates: readonly Candidate[],
  ): Pick<Snapshot, "neighbours" | "promised" | "localData"> {
    const neighbours = neighbourFacts(app, this.#book);
    const promised = this.#promisedTo(app, candidates);
    const localData = app.status.scheduled_to === null ? undefined : localDataIn(app);
    return {
      ...(neighbours === undefined ? {} : { neighbours }),
      ...(promised === undefined ? {} : { promised }),
      ...(localData === undefined ? {} : { localData }),
    };
  }

  #promisedTo(app: Application, candidates: readonly Candidate[]): Snapshot["promised"] {
    const { cpuCores, memoryBytes, pods } = requestsOfApplication(app);
    if (this.#clusters.size === 0 || cpuCores + memoryBytes + pods === 0) return undefined;
    const promised = new Map<string, Requests>();
    for (const candidate of candidates) {
      if (candidate.capacity?.cpu_free_cores === undefined) continue;
      const requests = this.#clusters.get(clusterKey(candidate))?.promised(candidate);
      if (requests) promised.set(candidate.name, requests);
    }
    return promised.size === 0 ? undefined : Object.fromEntries(promised);
  }

  #stand(key: string, entry: Entry): void {
    const { app, reserved, stands: before } = entry;
    entry.stands = withRequests(app, reserved ? reserved.places : placesOf(app));
    this.#entries.set(key, entry);
    for (const place of before) this.#forget(place, key);
    for (const place of entry.stands) {
      this.#promisesOn(place).set(key, place.requests, reserved ? undefined : app);
    }
    const own = app.metadata.namespace ?? "";
    const names = entry.stands.flatMap(({ namespace, name }) => (namespace === own ? [name] : []));
    const [was, is] = [this.#book.get(key), standingOf(key, app, names)];
    this.#book.put(key, is);
    this.#onConcerned(this.#interest.concernedBy(was, is));
  }

  #forget(place: Place, key: string): void {
    const promises = this.#clusters.get(clusterKey(place));
    promises?.delete(key);
    if (promises?.isEmpty) this.#clusters.delete(clusterKey(place));
  }

  #promisesOn(place: Place): ClusterPromises {
    const key = clusterKey(place);
    let promises = this.#clusters.get(key);
    if (!promises) {
      promises = new ClusterPromises();
      this.#clusters.set(key, promises);
    }
    return promises;
  }
}

function clusterKey({ namespace, name }: Place): string {
  return `${namespace}/${name}`;
}

/** Where it belongs; what is left of it elsewhere is on its way out. */
function placesOf({ status }: Application): readonly PlaceWithShare[] {
  return boundPlaces(status).map(({ cluster, share }) => ({
    namespace: cluster.namespace ?? "",
    name: cluster.name,
    share,
  }));
}

/** As its manifest is divided among the places, to the last replica. */
function withRequests(app: Application, places: readonly PlaceWithShare[]): readonly Stand[] {
  const shares = places.map(({ share }) => share ?? null);
  return places.map(({ namespace, name }, index) => ({
    namespace,
    name,
    requests: requestsOfShare(app, shares, index),
  }));
}

const knownData = new WeakMap<object, string | null>();

function localDataIn({ spec }: Application): string | undefined {
  let data = knownData.get(spec.manifest);
  if (data === undefined) {
    data = localDataOf(spec.manifest) ?? null;
    knownData.set(spec.manifest, data);
  }
  return data ?? undefined;
}
