import type { Cluster } from "@octoplane/kinds/cluster";
import type { Candidate, MetricReading } from "@octoplane/placement/candidate";
import type { PlacementGroups } from "@octoplane/placement/groups/placement-groups";
import { parseRef, refText } from "@octoplane/resources/keys";
import type { CandidateBook } from "./candidate-book.ts";
import type { Standings } from "./standings.ts";

/** What decisions know of clusters, and who is woken when one changes. */
export interface ClusterBooks {
  readonly candidates: CandidateBook;
  readonly standings: Pick<Standings, "putCluster" | "waiting">;
  readonly groups: Pick<PlacementGroups, "concernedBy">;
}

/** What a change of a cluster comes to. */
export interface ClusterChange {
  /** False when decisions see the very same fleet. */
  readonly isNews: boolean;
  /** The keys of the applications that have to be decided on anew. */
  readonly concerned: Iterable<string>;
}

/** Takes a cluster in as it is now; `readings` are `undefined` while one of them is fetched for the first time. */
export function putCluster(
  { candidates, standings, groups }: ClusterBooks,
  key: string,
  now: {
    readonly cluster: Cluster;
    readonly readings: readonly MetricReading[] | undefined;
    readonly time: number;
  },
): ClusterChange {
  const namespace = now.cluster.metadata.namespace ?? "";
  const tookIn = standings.putCluster(key, now.cluster);
  const before = candidates.get(key);
  const change = candidates.put(key, now.cluster, now.readings);
  const isMeasured = change === "measures" || tookIn;
  if (change !== "all" && !isMeasured) return { isNews: false, concerned: [] };
  const concerned = new Set<string>();
  const hasRoom = tookIn || hasMoreRoom(before, candidates.get(key));
  if (change === "all" || hasRoom) {
    const whom = changeOf(candidates, key, { before, now: now.time });
    for (const one of groups.concernedBy(namespace, whom)) concerned.add(one);
  }
  // A metric that is measured there changes with what is free, so that both come at once.
  if (isMeasured || hasRoom) {
    for (const one of standings.waiting(namespace)) concerned.add(one);
  }
  return { isNews: true, concerned };
}

/** Those who would be better off there, and had no room, may have it now. */
function hasMoreRoom(before: Candidate | undefined, after: Candidate | undefined): boolean {
  const [had, has] = [roomOf(before), roomOf(after)];
  return has.some((free, index) => free > had[index]!);
}

/** A cluster that does not say what is free, or gets nodes as it needs them, takes everything. */
function roomOf(candidate: Candidate | undefined): readonly [number, number, number] {
  if (!candidate) return [-Infinity, -Infinity, -Infinity];
  const { capacity, isElastic } = candidate;
  if (isElastic === true) return [Infinity, Infinity, Infinity];
  return [
    capacity?.cpu_free_cores ?? Infinity,
    capacity?.memory_free_bytes ?? Infinity,
    capacity?.pods_free ?? Infinity,
  ];
}

/** Forgets a cluster that is not there any more. */
export function removeCluster(
  { candidates, standings, groups }: ClusterBooks,
  key: string,
  time: number,
): ClusterChange {
  const { namespace = "" } = parseRef(key);
  standings.putCluster(key, undefined);
  const before = candidates.get(key);
  candidates.remove(key, namespace);
  if (!before) return { isNews: false, concerned: [] };
  const concerned = groups.concernedBy(namespace, changeOf(candidates, key, { before, now: time }));
  return { isNews: true, concerned };
}

function changeOf(
  candidates: CandidateBook,
  key: string,
  { before, now }: { readonly before: Candidate | undefined; readonly now: number },
): Parameters<PlacementGroups["concernedBy"]>[1] {
  const { namespace = "", name } = parseRef(key);
  const candidate = (other: string): Candidate | undefined =>
    candidates.get(refText({ namespace, name: other }));
  return { name, before, after: candidates.get(key), candidate, now };
}
