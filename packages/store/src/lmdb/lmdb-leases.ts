import type { Clock } from "@octoplane/shared/clock";
import { failure, messageOf } from "@octoplane/shared/errors";
import type { Log } from "@octoplane/shared/log";
import type { Lease } from "../store.ts";
import { leaseRemovals } from "./lmdb-apply.ts";
import type { LmdbFiles } from "./lmdb-files.ts";
import type { LmdbQueue } from "./lmdb-queue.ts";

interface Held {
  deadline: number;
  cancel: () => void;
}

/**
 * Leases of the embedded store. The process is alone with its directory, so a lease cannot outlive
 * it: they are kept in memory, and the keys of all of them are removed when the store is opened.
 */
export class LmdbLeases {
  readonly #held = new Map<bigint, Held>();
  readonly #files: LmdbFiles;
  readonly #queue: LmdbQueue;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(parts: {
    readonly files: LmdbFiles;
    readonly queue: LmdbQueue;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#files = parts.files;
    this.#queue = parts.queue;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Throws `NotFound` when the lease has ended. */
  check(id: bigint): void {
    const held = this.#held.get(id);
    if (!held || this.#clock.monotonic() >= held.deadline) {
      throw failure("NotFound", `the lease ${id} has ended`);
    }
  }

  grant(seconds: number): Lease {
    const id = this.#queue.nextLease();
    const held: Held = { deadline: 0, cancel: () => undefined };
    this.#held.set(id, held);
    this.#start(id, held, seconds);
    return {
      id,
      keepAlive: async () => {
        this.check(id);
        held.cancel();
        this.#start(id, held, seconds);
      },
      revoke: async () => this.#end(id),
    };
  }

  /** Removes the keys of leases that an earlier process left behind. */
  async removeLeftovers(): Promise<void> {
    if (leaseRemovals(this.#files).length === 0) return;
    await this.#queue.run({ guards: [], writes: () => leaseRemovals(this.#files) });
  }

  dispose(): void {
    for (const held of this.#held.values()) held.cancel();
    this.#held.clear();
  }

  #start(id: bigint, held: Held, seconds: number): void {
    const ttlMs = seconds * 1_000;
    held.deadline = this.#clock.monotonic() + ttlMs;
    held.cancel = this.#clock.after(ttlMs, () => {
      this.#end(id).catch((error: unknown) => {
        this.#log.error({ err: messageOf(error) }, "the keys of an ended lease were not removed");
      });
    });
  }

  async #end(id: bigint): Promise<void> {
    const held = this.#held.get(id);
    if (!held) return;
    held.cancel();
    this.#held.delete(id);
    await this.#queue.run({ guards: [], writes: () => leaseRemovals(this.#files, id) });
  }
}
