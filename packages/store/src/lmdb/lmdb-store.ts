import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { Transaction } from "lmdb";
import { setImmediate as nextTurn } from "node:timers/promises";
import { checkCommit, checkKey, checkPage, checkPrefix, leaseSeconds } from "../check-commit.ts";
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
} from "../store.ts";
import { makeDirectory, openFiles, readState, type LmdbFiles } from "./lmdb-files.ts";
import { LmdbLeases } from "./lmdb-leases.ts";
import { lockDirectory } from "./lmdb-lock.ts";
import { LmdbQueue } from "./lmdb-queue.ts";
import { readEntries, readEntry } from "./lmdb-read.ts";
import { LmdbTail } from "./lmdb-tail.ts";
import { watchLmdb, type LmdbSource } from "./lmdb-watch.ts";

export interface LmdbOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Revisions kept; see `historyRevisionsMax`. */
  readonly historyRevisions?: number;
  /** Time until an idle watch gets a mark of progress; see `watchProgressMs`. */
  readonly progressMs?: number;
}

/** The embedded store in a directory; `Unavailable` while another process has it. */
export async function openLmdb(directory: string, options: LmdbOptions): Promise<Store> {
  makeDirectory(directory);
  const lock = lockDirectory(directory);
  const store = openLocked(directory, lock, options);
  try {
    await store.start();
    return store;
  } catch (error) {
    // The files go before the lock: nobody else may have them as long as they are open here.
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

function openLocked(directory: string, lock: Disposable, options: LmdbOptions): LmdbStore {
  try {
    return new LmdbStore(openFiles(directory), lock, options);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

class LmdbStore implements Store {
  readonly #files: LmdbFiles;
  readonly #lock: Disposable;
  readonly #queue: LmdbQueue;
  readonly #leases: LmdbLeases;
  readonly #source: LmdbSource;
  readonly #room = new Semaphore(limits.commitQueueMax);
  /** What the watches that have read everything wait for. */
  readonly #onNext = new Set<() => void>();
  readonly #listings = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(files: LmdbFiles, lock: Disposable, options: LmdbOptions) {
    const { clock, log, historyRevisions = limits.historyRevisionsMax } = options;
    this.#files = files;
    this.#lock = lock;
    const tail = new LmdbTail(readState(files).revision);
    this.#queue = new LmdbQueue(files, historyRevisions, (commits) => {
      tail.add(commits);
      this.#wake();
    });
    this.#leases = new LmdbLeases({ files, queue: this.#queue, clock, log });
    this.#source = {
      files,
      tail,
      clock,
      progressMs: options.progressMs ?? limits.watchProgressMs,
      state: () => this.#queue.state,
      isClosed: () => this.#closing !== undefined,
      onNext: (callback) => {
        this.#onNext.add(callback);
        return () => this.#onNext.delete(callback);
      },
    };
  }

  async start(): Promise<void> {
    await this.#leases.removeLeftovers();
  }

  async get(key: string): Promise<Entry | undefined> {
    checkKey(key);
    return this.#read((transaction) => readEntry(this.#files, transaction, key));
  }

  async list(prefix: string, page: Page = {}): Promise<Listing> {
    checkPage(prefix, page);
    return page.limit === undefined
      ? this.#listAll(prefix, page)
      : this.#read((transaction) => this.#listPage(transaction, prefix, page));
  }

  async commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Revision> {
    checkCommit(guards, writes);
    const checked = (): readonly Write[] => {
      for (const write of writes) {
        if ("value" in write && write.lease !== undefined) this.#leases.check(write.lease);
      }
      return writes;
    };
    return this.#room.run(() => this.#queue.run({ guards, writes: checked }));
  }

  watch(prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<ChangeBatch> {
    checkPrefix(prefix);
    return watchLmdb(this.#source, prefix, after, signal);
  }

  async compact(before: Revision): Promise<void> {
    await this.#queue.run({ guards: [], writes: () => [], compact: before });
  }

  async lease(ttlMs: number): Promise<Lease> {
    this.#checkOpen();
    return this.#leases.grant(leaseSeconds(ttlMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#leases.close();
    await this.#queue.close();
    this.#wake();
    // A list that is under way reads from a snapshot that closing would pull away under it.
    await Promise.all(this.#listings);
    await this.#files.root.close();
    this.#lock[Symbol.dispose]();
  }

  #wake(): void {
    // A copy: what is called takes itself out, and may put itself in again at once.
    const callbacks = [...this.#onNext];
    for (const callback of callbacks) callback();
  }

  #checkOpen(): void {
    if (this.#closing) throw failure("Unavailable", "the store is closed");
  }

  #read<T>(work: (transaction: Transaction) => T): T {
    this.#checkOpen();
    const transaction = this.#files.root.useReadTransaction();
    try {
      return work(transaction);
    } finally {
      transaction.done();
    }
  }

  #listPage(transaction: Transaction, prefix: string, page: Page): Listing {
    const { revision, at } = this.#listRevision(transaction, page);
    const most = Math.min(page.limit ?? limits.pageEntriesMax, limits.pageEntriesMax);
    const entries: Entry[] = [];
    let bytes = 0;
    for (const entry of readEntries(this.#files, transaction, { ...page, prefix, at })) {
      const size = entry.key.length + entry.value.byteLength;
      const isFull = entries.length >= most || bytes + size > limits.pageBytesMax;
      if (isFull && entries.length > 0) return { entries, revision, more: true };
      entries.push(entry);
      bytes += size;
    }
    return { entries, revision, more: false };
  }

  /**
   * All entries, in pages at one snapshot, so that a long list neither blocks the process nor is
   * cut short.
   */
  async #listAll(prefix: string, page: Page): Promise<Listing> {
    this.#checkOpen();
    const listing = this.#listSnapshot(prefix, page);
    const settled = listing.then(
      () => undefined,
      () => undefined,
    );
    this.#listings.add(settled);
    try {
      return await listing;
    } finally {
      this.#listings.delete(settled);
    }
  }

  async #listSnapshot(prefix: string, page: Page): Promise<Listing> {
    const transaction = this.#files.root.useReadTransaction();
    try {
      const { revision, at } = this.#listRevision(transaction, page);
      const entries: Entry[] = [];
      for (const entry of readEntries(this.#files, transaction, { ...page, prefix, at })) {
        entries.push(entry);
        if (entries.length % limits.pageEntriesMax === 0) await nextTurn();
      }
      return { entries, revision, more: false };
    } finally {
      transaction.done();
    }
  }

  /** The revision a list is true at, and the one to look for when that is not the newest. */
  #listRevision(
    transaction: Transaction,
    { at }: Page,
  ): { readonly revision: Revision; readonly at: Revision | undefined } {
    const { revision, compacted } = readState(this.#files, transaction);
    if (at === undefined || at === revision) return { revision, at: undefined };
    if (at > revision) throw failure("Invalid", `revision ${at} is yet to come`);
    if (at < compacted) {
      throw failure("Compacted", `history before revision ${compacted} is forgotten, ${at} too`);
    }
    return { revision: at, at };
  }
}
