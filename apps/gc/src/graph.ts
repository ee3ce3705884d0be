/**
 * Who depends on whom, by reference. Edges come from `metadata.owners`; an owner need not exist. A plain directed graph
 * without any special treatment of shapes: a diamond is collected from below, and a cycle is found by following
 * dependents, not by refusing to look at them.
 */
export class OwnerGraph {
  /** Owner → those that name it. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #owners = new Map<string, readonly string[]>();

  /** Takes a node in, with the owners that it names now. */
  put(node: string, owners: readonly string[]): void {
    this.remove(node);
    this.#owners.set(node, owners);
    for (const owner of owners) {
      const dependents = this.#dependents.get(owner);
      if (dependents) dependents.add(node);
      else this.#dependents.set(owner, new Set([node]));
    }
  }

  remove(node: string): void {
    for (const owner of this.#owners.get(node) ?? []) {
      const dependents = this.#dependents.get(owner);
      dependents?.delete(node);
      if (dependents?.size === 0) this.#dependents.delete(owner);
    }
    this.#owners.delete(node);
  }

  has(node: string): boolean {
    return this.#owners.has(node);
  }

  ownersOf(node: string): readonly string[] {
    return this.#owners.get(node) ?? [];
  }

  dependentsOf(node: string): readonly string[] {
    return [...(this.#dependents.get(node) ?? [])];
  }

  /** True when following dependents leads from one node to the other through nodes that `follow` accepts. */
  leadsTo(from: string, to: string, follow: (node: string) => boolean): boolean {
    const seen = new Set([from]);
    const open = [from];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const dependent of this.dependentsOf(next)) {
        if (dependent === to) return true;
        if (seen.has(dependent) || !follow(dependent)) continue;
        seen.add(dependent);
        open.push(dependent);
      }
    }
    return false;
  }
}
