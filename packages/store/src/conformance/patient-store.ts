import { isFailure } from "@octoplane/shared/errors";
import type { Guard, Lease, Listing, Page, Revision, Store, Write } from "../store.ts";

/**
 * A user of a store that may be `Unavailable`: asks again, and after a commit with an unknown
 * outcome looks whether it took effect. It can tell because the suite never writes the same value
 * twice to a key. Over a store that does not fail it changes nothing.
 */
export class PatientStore implements Store {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(key: string): ReturnType<Store["get"]> {
    return again(() => this.#store.get(key));
  }

  list(prefix: string, page?: Page): Promise<Listing> {
    return again(() => this.#store.list(prefix, page));
  }

  async commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Revision> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#store.commit(guards, writes);
      } catch (error) {
        if (!isFailure(error, "Unavailable") || attempt >= attemptsMax) throw error;
        const revision = await this.#findEffect(writes);
        if (revision !== undefined) return revision;
      }
    }
  }

  watch(...request: Parameters<Store["watch"]>): ReturnType<Store["watch"]> {
    return this.#store.watch(...request);
  }

  compact(before: Revision): Promise<void> {
    return again(() => this.#store.compact(before));
  }

  async lease(ttlMs: number): Promise<Lease> {
    const lease = await again(() => this.#store.lease(ttlMs));
    return {
      id: lease.id,
      keepAlive: () => again(() => lease.keepAlive()),
      revoke: () => again(() => lease.revoke()),
    };
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }

  /**
   * The revision of a commit that took effect, judging by its first write; undefined when it did
   * not.
   */
  async #findEffect(writes: readonly Write[]): Promise<Revision | undefined> {
    const first = writes[0];
    if (!first) return undefined;
    const entry = await this.get(first.key);
    if ("value" in first) {
      return entry && Buffer.compare(entry.value, first.value) === 0 ? entry.revision : undefined;
    }
    return entry ? undefined : (await this.list(first.key, { limit: 1 })).revision;
  }
}

const attemptsMax = 50;

async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isFailure(error, "Unavailable") || attempt >= attemptsMax) throw error;
    }
  }
}
