/** Which applications have to do with which clusters, by their keys. */
export class ClusterUse {
  readonly #places = new Map<string, readonly string[]>();
  readonly #users = new Map<string, Set<string>>();

  /** Says where an application is, or belongs; gives the clusters that nobody has to do with any more. */
  set(app: string, clusters: readonly string[]): readonly string[] {
    const next = [...new Set(clusters)].toSorted();
    const before = this.#places.get(app) ?? [];
    if (next.length > 0) this.#places.set(app, next);
    else this.#places.delete(app);
    for (const cluster of next) {
      const users = this.#users.get(cluster);
      if (users) users.add(app);
      else this.#users.set(cluster, new Set([app]));
    }
    return before.filter((cluster) => {
      if (next.includes(cluster)) return false;
      const users = this.#users.get(cluster);
      users?.delete(app);
      if (users?.size !== 0) return false;
      return this.#users.delete(cluster);
    });
  }

  /** The clusters of an application in one text: those with the same wait for the same. */
  placesOf(app: string): string {
    return (this.#places.get(app) ?? []).join(" ");
  }

  usersOf(cluster: string): readonly string[] {
    return [...(this.#users.get(cluster) ?? [])];
  }
}
