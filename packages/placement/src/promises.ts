import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import { conditionOf } from "@octoplane/kinds/condition";
import { dividedManifest, largestPart } from "@octoplane/kinds/divide-replicas";
import { wantedManifest } from "@octoplane/kinds/wanted-manifest";
import { requestsOf, type Requests } from "@octoplane/kinds/workload-requests";
import { limits } from "@octoplane/shared/limits";

/** By the name of a cluster, what applications will request there that its free capacity does not show yet. */
export type Promised = Readonly<Record<string, Requests>>;

/** By manifest, because thousands of decisions ask the same of a list that never changes. */
const known = new WeakMap<object, Requests>();

/** What an application requests on the cluster that it comes to. */
export function requestsOfApplication(app: Pick<Application, "spec">): Requests {
  const manifest = wantedManifest(app.spec);
  let requests = known.get(manifest);
  if (!requests) {
    requests = requestsOf(manifest);
    known.set(manifest, requests);
  }
  return requests;
}

/** By manifest and number of parts, for the same reason. */
const knownParts = new WeakMap<object, Map<number, Requests>>();

/**
 * What of it a cluster must have free: all, or, of replicas that are divided among copies, the most that one gets of an even
 * division. How they are divided is known only when all places are.
 */
export function requestsOfPlace(app: Pick<Application, "spec">): Requests {
  const copies = app.spec.placement?.copies;
  if (copies?.replicas !== "divided") return requestsOfApplication(app);
  const manifest = wantedManifest(app.spec);
  const count = copies.count === "all" ? requestsOfApplication(app).pods : copies.count;
  const parts = Math.max(1, count);
  const byParts = knownParts.get(manifest) ?? new Map<number, Requests>();
  knownParts.set(manifest, byParts);
  let requests = byParts.get(parts);
  if (!requests) byParts.set(parts, (requests = requestsOf(largestPart(manifest, parts))));
  return requests;
}

/** What it requests on one of its places, by the shares of all of them; where one has none, on each place all. */
export function requestsOfShare(
  app: Pick<Application, "spec">,
  shares: readonly (number | null)[],
  index: number,
): Requests {
  const given = shares.filter((share) => share !== null);
  if (given.length === 0 || given.length < shares.length) return requestsOfApplication(app);
  return requestsOf(dividedManifest(wantedManifest(app.spec), given, index));
}

/**
 * True when the Pods of an application are in what was counted on its cluster: all its objects stood there for a while when
 * it was counted. What is counted too late is held back twice for a moment; nothing is ever promised twice. Pure.
 */
export function isCounted(
  app: Application,
  cluster: Pick<Cluster, "metadata" | "status">,
): boolean {
  const freeAt = Date.parse(cluster.status.capacity?.free_at ?? "");
  const applied = conditionOf(app.status.conditions, "Applied");
  const { generation } = app.metadata;
  if (Number.isNaN(freeAt) || applied?.status !== "True") return false;
  const { namespace, name } = cluster.metadata;
  const stands = app.status.copies.some(
    (copy) =>
      copy.generation === generation &&
      copy.cluster.name === name &&
      copy.cluster.namespace === namespace,
  );
  if (!stands || applied.observed_generation !== generation) return false;
  const since = Math.max(
    Date.parse(applied.last_transition_time),
    Date.parse(app.status.scheduled ?? "") || 0,
  );
  return freeAt >= since + limits.podsSettleMs;
}
