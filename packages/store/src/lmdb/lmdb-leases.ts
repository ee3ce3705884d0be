import type { Clock } from "@octoplane/shared/clock";
import { failure, messageOf } from "@octoplane/shared/errors";
import type { Log } from "@octoplane/shared/log";
import type { Lease } from "../store.ts";
import { leaseRemovals } from "./lmdb-apply.ts";
import type { LmdbFiles } from "./lmdb-files.ts";
import type { LmdbQueue } from "./lmdb-queue.ts";

interface Held {
  readonly ttlMs: number;
  /** By the monotonic clock; from then on it has ended, whether its keys are gone yet or not. */
  deadline: number;
  cancelTimer: () => void;
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
  #isClosed = false;

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
    const ttlMs = seconds * 1_000;
    const held: Held = { ttlMs, deadline: 0, cancelTimer: () => undefined };
    this.#held.set(id, held);
    this.#start(id, held);
    return {
      id,
      keepAlive: async () => {
        this.#checkOpen();
        this.check(id);
        this.#start(id, held);
      },
      revoke: async () => {
        this.#checkOpen();
        await this.#end(id, held);
      },
    };
  }

  /** Removes the keys of leases that an earlier process left behind. */
  async removeLeftovers(): Promise<void> {
    if (leaseRemovals(this.#files).length === 0) return;
    await this.#queue.run({ guards: [], writes: () => leaseRemovals(this.#files) });
  }

  /** Stops their time; what is left of them is removed when the store is opened again. */
  close(): void {
    this.#isClosed = true;
    for (const held of this.#held.values()) held.cancelTimer();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw failure("Unavailable", "the store is closed");
  }

  #start(id: bigint, held: Held): void {
    held.deadline = this.#clock.monotonic() + held.ttlMs;
    this.#endLater(id, held);
  }

  #endLater(id: bigint, held: Held): void {
    held.cancelTimer();
    held.cancelTimer = this.#clock.after(held.ttlMs, () => {
      this.#end(id, held).catch((error: unknown) => {
        this.#log.error({ err: messageOf(error) }, "the keys of an ended lease are still there");
      });
    });
  }

  /** Ends a lease now. It is held until its keys are gone, and until they are it is tried again. */
  async #end(id: bigint, held: Held): Promise<void> {
    if (!this.#held.has(id)) return;
    held.deadline = -Infinity;
    held.cancelTimer();
    try {
      await this.#queue.run({ guards: [], writes: () => leaseRemovals(this.#files, id) });
      this.#held.delete(id);
    } catch (error) {
      if (!this.#isClosed) this.#endLater(id, held);
      throw error;
    }
  }
}
