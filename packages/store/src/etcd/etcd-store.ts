import type { Clock } from "@octoplane/shared/clock";
import { isFailure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import { systemRandom, type Random } from "@octoplane/shared/random";
import { Semaphore } from "@octoplane/shared/semaphore";
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
import { EtcdCommits } from "./etcd-commits.ts";
import { EtcdConnection, type EtcdCredentials } from "./etcd-connection.ts";
import { grantLease } from "./etcd-lease.ts";
import { listEtcd } from "./etcd-list.ts";
import { EtcdReads } from "./etcd-reads.ts";
import { watchEtcd } from "./etcd-watch.ts";

export interface EtcdOptions extends EtcdCredentials {
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: Random;
  /** Revisions kept; see `historyRevisionsMax`. */
  readonly historyRevisions?: number;
  /** Time until an idle watch asks for a mark of progress; see `watchProgressMs`. */
  readonly progressMs?: number;
}

/**
 * The store in an etcd cluster. Does not wait for etcd: what is asked of it while etcd is away is
 * `Unavailable`.
 */
export function openEtcd(hosts: readonly string[], options: EtcdOptions): Store {
  return new EtcdStore(hosts, options);
}

class EtcdStore implements Store {
  readonly #connection: EtcdConnection;
  readonly #commits: EtcdCommits;
  readonly #reads: EtcdReads;
  readonly #options: EtcdOptions;
  readonly #commitRoom = new Semaphore(limits.commitQueueMax);
  readonly #readRoom = new Semaphore(limits.readQueueMax);
  readonly #closing = new AbortController();
  #nextCompaction = 0n;

  constructor(hosts: readonly string[], options: EtcdOptions) {
    this.#options = options;
    this.#connection = new EtcdConnection(hosts, options, options.clock);
    this.#commits = new EtcdCommits(this.#connection, (revision) => this.#boundHistory(revision));
    this.#reads = new EtcdReads(this.#connection);
  }

  async get(key: string): Promise<Entry | undefined> {
    checkKey(key);
    return this.#readRoom.run(() => this.#reads.get(key));
  }

  async list(prefix: string, page: Page = {}): Promise<Listing> {
    checkPage(prefix, page);
    return listEtcd(this.#connection, prefix, page);
  }

  async commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Revision> {
    checkCommit(guards, writes);
    return this.#commitRoom.run(() => this.#commits.commit(guards, writes));
  }

  watch(prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<ChangeBatch> {
    checkPrefix(prefix);
    const {
      clock,
      log,
      random = systemRandom,
      progressMs = limits.watchProgressMs,
    } = this.#options;
    const parts = {
      connection: this.#connection,
      closing: this.#closing.signal,
      clock,
      log,
      random,
      progressMs,
    };
    return watchEtcd(parts, prefix, after, signal);
  }

  async compact(before: Revision): Promise<void> {
    try {
      await this.#connection.read("compact", (client) =>
        client.kv.compact({ revision: before.toString() }),
      );
    } catch (error) {
      // Someone has forgotten more than that already.
      if (!isFailure(error, "Compacted")) throw error;
    }
  }

  async lease(ttlMs: number): Promise<Lease> {
    return grantLease(this.#connection, this.#options.clock, leaseSeconds(ttlMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#connection.close();
  }

  /**
   * etcd keeps all history unless told otherwise. Every process tells it; the first one is enough.
   */
  #boundHistory(revision: Revision): void {
    const kept = BigInt(this.#options.historyRevisions ?? limits.historyRevisionsMax);
    if (revision <= kept || revision < this.#nextCompaction) return;
    this.#nextCompaction = revision + kept / 8n;
    this.compact(revision - kept).catch((error: unknown) => {
      this.#options.log.warn({ err: messageOf(error) }, "the history of etcd was not compacted");
    });
  }
}
