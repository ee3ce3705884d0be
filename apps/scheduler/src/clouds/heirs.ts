import type { Cluster } from "@octoplane/kinds/cluster";
import { cloudRefOf } from "@octoplane/kinds/inherited";
import { refKey } from "./maker-book.ts";

/** Which clusters stand on which cloud, so that a change of one cloud concerns only these. */
export class Heirs {
  readonly #byCloud = new Map<string, Set<string>>();
  readonly #cloudOf = new Map<string, string>();

  put(key: string, cluster: Cluster | undefined): void {
    const ref = cluster && cloudRefOf(cluster);
    const cloud = ref ? refKey(ref) : undefined;
    const before = this.#cloudOf.get(key);
    if (before === cloud) return;
    if (before !== undefined) this.#leave(key, before);
    if (cloud === undefined) this.#cloudOf.delete(key);
    else {
      this.#cloudOf.set(key, cloud);
      const heirs = this.#byCloud.get(cloud) ?? new Set<string>();
      this.#byCloud.set(cloud, heirs.add(key));
    }
  }

  /** The keys of the clusters on a cloud, given by its key. */
  of(cloud: string): Iterable<string> {
    return this.#byCloud.get(cloud) ?? [];
  }

  #leave(key: string, cloud: string): void {
    const heirs = this.#byCloud.get(cloud);
    heirs?.delete(key);
    if (heirs?.size === 0) this.#byCloud.delete(cloud);
  }
}
