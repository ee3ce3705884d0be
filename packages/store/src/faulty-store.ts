import { pause, type Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import type { Random } from "@octoplane/shared/random";
import type {
  ChangeBatch,
  Entry,
  Guard,
  Lease,
  Listing,
  Page,
  Revision,
  Store,
  Write,
} from "./store.ts";

/** How often each fault happens, as a fraction of the calls. */
export interface Faults {
  /** Answered late, by up to `delayMostMs`. */
  readonly delay: number;
  readonly delayMostMs: number;
  /** `Unavailable`, and nothing was done. */
  readonly refused: number;
  /** `Unavailable`, but the commit took effect. */
  readonly lostAnswer: number;
  /** After a batch: the watch is dropped and begun again where it was. */
  readonly droppedWatch: number;
}

export const someFaults: Faults = {
  delay: 0.2,
  delayMostMs: 5,
  refused: 0.05,
  lostAnswer: 0.05,
  droppedWatch: 0.2,
};

export interface FaultyParts {
  readonly random: Random;
  readonly clock: Clock;
  readonly faults?: Faults;
}

/**
 * A store that fails as a network does, in an order that the seed decides, and keeps every promise
 * of the interface: whatever runs on it must cope, and the conformance suite holds it to the same
 * sentences.
 */
export class FaultyStore implements Store {
  readonly #store: Store;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #faults: Faults;

  constructor(store: Store, parts: FaultyParts) {
    this.#store = store;
    this.#random = parts.random;
    this.#clock = parts.clock;
    this.#faults = parts.faults ?? someFaults;
  }

  async get(key: string): Promise<Entry | undefined> {
    await this.#trouble("read");
    return this.#store.get(key);
  }

  async list(prefix: string, page?: Page): Promise<Listing> {
    await this.#trouble("list");
    return this.#store.list(prefix, page);
  }

  async commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Revision> {
    await this.#trouble("commit");
    const revision = await this.#store.commit(guards, writes);
    if (this.#happens(this.#faults.lostAnswer)) {
      throw failure("Unavailable", "commit: the answer was lost (injected)");
    }
    return revision;
  }

  async *watch(prefix: string, after: Revision, signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    let position = after;
    while (!signal.aborted) {
      for await (const batch of this.#store.watch(prefix, position, signal)) {
        await this.#wait();
        yield batch;
        position = batch.revision;
        if (this.#happens(this.#faults.droppedWatch)) break;
      }
    }
  }

  async compact(before: Revision): Promise<void> {
    await this.#trouble("compact");
    return this.#store.compact(before);
  }

  async lease(ttlMs: number): Promise<Lease> {
    await this.#trouble("lease");
    const lease = await this.#store.lease(ttlMs);
    return {
      id: lease.id,
      keepAlive: async () => {
        await this.#trouble("keep alive");
        return lease.keepAlive();
      },
      revoke: async () => {
        await this.#trouble("revoke");
        return lease.revoke();
      },
    };
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }

  async #trouble(doing: string): Promise<void> {
    await this.#wait();
    if (this.#happens(this.#faults.refused)) {
      throw failure("Unavailable", `${doing}: refused (injected)`);
    }
  }

  async #wait(): Promise<void> {
    if (!this.#happens(this.#faults.delay)) return;
    await pause(this.#clock, this.#random.fraction() * this.#faults.delayMostMs);
  }

  #happens(share: number): boolean {
    return this.#random.fraction() < share;
  }
}
