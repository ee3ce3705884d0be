/**
 * The store: keys, bytes and one revision counter. Nothing here knows what is stored.
 * Two implementations, LMDB and etcd, pass one suite (`conformance/suite.ts`) and refuse the same commits.
 *
 * Promises: a commit is all or nothing and durable when it resolves; its writes share one revision; revisions
 * only grow; a list is consistent at the revision it names, over all its pages; a watch yields every change
 * after its revision, in order and once, or fails with `Compacted`. Nothing is ever skipped in silence.
 *
 * Errors are of the closed set: `Conflict` (a guard did not hold), `Compacted`, `TooLarge`, `Unavailable`
 * (nothing is known about the outcome), `Invalid` (a key that is empty, too long or twice in one commit).
 */

/** One counter for the whole store. 0n means "never written" in guards and "the beginning" in watches. */
export type Revision = bigint;

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision of the commit that wrote this value. */
  readonly revision: Revision;
  /** The revision of the commit that created the key; equal to `revision` until it is written again. */
  readonly created: Revision;
}

/** Holds when the key's entry has this revision; 0n holds when the key is absent. */
export interface Guard {
  readonly key: string;
  readonly revision: Revision;
}

/** The store keeps the bytes of a value and hands them to watches: whoever commits it leaves them as they are. */
export type Write =
  | { readonly key: string; readonly value: Uint8Array; readonly lease?: bigint }
  | { readonly key: string; readonly remove: true };

export interface Page {
  /** At most this many entries; a page may hold fewer (see `more`), for the sake of its size in bytes. */
  readonly limit?: number;
  /** Only keys after this one. */
  readonly after?: string;
  /** The revision of the first page; absent for the newest. `Compacted` when it is no longer kept. */
  readonly at?: Revision;
  /** Entries without their values (each is empty): who is there, and at which revision. */
  readonly keysOnly?: boolean;
}

export interface Listing {
  readonly entries: readonly Entry[];
  /** The revision at which the list is true: watch from here, and pass it as `at` for the next page. */
  readonly revision: Revision;
  readonly more: boolean;
}

export type Change =
  | { readonly type: "put"; readonly entry: Entry }
  | { readonly type: "remove"; readonly key: string; readonly revision: Revision };

/** What a watch yields: the changes up to a revision (never half a commit); none is a mark of progress. */
export interface ChangeBatch {
  readonly changes: readonly Change[];
  readonly revision: Revision;
}

/** A promise of the store to remove the keys written with `id` unless it is kept alive. */
export interface Lease {
  readonly id: bigint;
  /** Starts the time again; `NotFound` when the lease has ended. */
  keepAlive(): Promise<void>;
  /** Ends it now and removes its keys. */
  revoke(): Promise<void>;
}

export interface Store extends AsyncDisposable {
  get(key: string): Promise<Entry | undefined>;
  /** Entries whose key begins with the prefix, in order of the bytes of their keys. */
  list(prefix: string, page?: Page): Promise<Listing>;
  /** All or nothing; resolves with the revision that the writes share. A commit without writes checks its guards. */
  commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Revision>;
  /** Ends without error when the signal aborts. */
  watch(prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<ChangeBatch>;
  /** Forgets history before the revision; entries stay. */
  compact(before: Revision): Promise<void>;
  /** `ttlMs` is rounded up to whole seconds. */
  lease(ttlMs: number): Promise<Lease>;
}
