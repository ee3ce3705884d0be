import type { Application } from "@octoplane/kinds/application";
import { isAwaiting } from "@octoplane/placement/new-cluster-facts";
import { refText } from "@octoplane/resources/keys";

/** Which applications need which cluster: those that belong there, stand there, or wait for it. */
export class ClusterUsers {
  readonly #users = new Map<string, Set<string>>();
  readonly #clustersOf = new Map<string, ReadonlySet<string>>();

  /** Gives the keys of the clusters that have lost or got a user. */
  put(key: string, app: Application | undefined): readonly string[] {
    const before = this.#clustersOf.get(key) ?? none;
    const after = app ? clustersUsedBy(app) : none;
    const left = [...before].filter((cluster) => !after.has(cluster));
    const come = [...after].filter((cluster) => !before.has(cluster));
    for (const cluster of left) {
      const users = this.#users.get(cluster);
      users?.delete(key);
      if (users?.size === 0) this.#users.delete(cluster);
    }
    for (const cluster of come) {
      this.#users.set(cluster, (this.#users.get(cluster) ?? new Set<string>()).add(key));
    }
    if (after.size === 0) this.#clustersOf.delete(key);
    else this.#clustersOf.set(key, after);
    return [...left, ...come];
  }

  has(cluster: string): boolean {
    return this.#users.has(cluster);
  }

  /** The keys of the applications that need a cluster. */
  of(cluster: string): Iterable<string> {
    return this.#users.get(cluster) ?? [];
  }
}

const none: ReadonlySet<string> = new Set();

/** The keys of the clusters that an application needs. Pure. */
export function clustersUsedBy(app: Application): ReadonlySet<string> {
  const { status, metadata } = app;
  const { scheduled_to: bound, running_on: running, places = [], copies } = status;
  const placed = [...places, ...copies].map(({ cluster }) => cluster);
  const refs = [bound, running, ...placed].flatMap((ref) => ref ?? []);
  const keys = refs.map(({ namespace, name }) =>
    refText(namespace === null ? { name } : { namespace, name }),
  );
  const awaited =
    isAwaiting(app) && status.new_cluster
      ? [refText({ namespace: metadata.namespace ?? "", name: status.new_cluster.name })]
      : [];
  return new Set([...keys, ...awaited]);
}
