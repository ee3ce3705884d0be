import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { backoffMs } from "@octoplane/shared/backoff";
import { pause, type Clock } from "@octoplane/shared/clock";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import type { Change, ChangeBatch, Entry, Revision, Store } from "@octoplane/store/store";
import { FeedHistory } from "./feed-history.ts";
import { kindPrefix, parsePartKey, refText } from "./keys.ts";
import { decodePairs, pairEntries, type EntryPair, type RecordPair } from "./page.ts";
import type { Recalled } from "./read-pair.ts";
import {
  decodeObject,
  decodeStatus,
  deepFreeze,
  join,
  type ObjectRecord,
  type StatusRecord,
  type Stored,
} from "./record.ts";

export interface FeedEvent<R> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly key: string;
  /** Frozen. For `DELETED`, the last state. */
  readonly object: R;
  /** For `MODIFIED`, the state before, as far as it was seen. */
  readonly previous?: R;
  readonly revision: Revision;
}

/** Called with the events of whole commits, in order; an empty list is a mark of progress. */
export type FeedListener<R> = (events: readonly FeedEvent<R>[], revision: Revision) => void;

interface Halves {
  readonly object: Stored<ObjectRecord> | undefined;
  readonly status: Stored<StatusRecord> | undefined;
}

/**
 * All objects of a kind in memory, kept true by one watch of the store, for every watcher and controller of this
 * process. Halves are joined here, so that whoever listens sees whole objects only.
 *
 * A watch that the store ends with `Compacted` becomes a new list; what changed meanwhile is told as events, so
 * listeners lose nothing but intermediate states, and those who resume from an older revision are told to list.
 */
export class KindFeed<R extends AnyResource = AnyResource> {
  readonly #kind: AnyKind;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #halves = new Map<string, Halves>();
  readonly #objects = new Map<string, R>();
  readonly #listeners = new Set<FeedListener<R>>();
  readonly #history = new FeedHistory<FeedEvent<R>>();
  #revision: Revision = 0n;
  #running: Promise<void> | undefined;
  #ready = Promise.withResolvers<void>();

  constructor(
    kind: AnyKind,
    parts: {
      readonly store: Store;
      readonly clock: Clock;
      readonly random: Random;
      readonly log: Log;
    },
  ) {
    this.#kind = kind;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#log = parts.log;
    this.#ready.promise.catch(() => undefined);
  }

  /** Everything, by `namespace/name`. Valid once `ready` has resolved. */
  get objects(): ReadonlyMap<string, R> {
    return this.#objects;
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** The object that these entries are the halves of, if it is here at just their revisions: it need not be read again. */
  recall({ object, status }: EntryPair): Recalled | undefined {
    const parsed = parsePartKey(this.#kind, object.key);
    if (!parsed) return undefined;
    const key = refText(parsed.ref);
    const halves = this.#halves.get(key);
    const resource = this.#objects.get(key);
    if (halves?.object?.revision !== object.revision) return undefined;
    if (halves.status?.revision !== status?.revision || resource === undefined) return undefined;
    return { resource, records: { object: halves.object, status: halves.status } };
  }

  /** Starts the feed if need be; resolves when the first list is in. */
  async ready(): Promise<void> {
    this.#running ??= this.#run();
    await this.#ready.promise;
  }

  /**
   * Hears every event after the revision (after now, when it is left out). `Compacted` when the revision is older than
   * what is kept. The returned function ends it.
   */
  listen(listener: FeedListener<R>, after?: Revision): () => void {
    if (after !== undefined && !this.#history.reaches(after)) {
      throw failure("Compacted", `revision ${after} is no longer kept; list again`);
    }
    const start = after ?? this.#revision;
    if (start < this.#revision) {
      const missed = this.#history.after(start);
      if (missed.length > 0) listener(missed, this.#revision);
    }
    // A list comes from the store, which may be ahead of this feed: what the list held already is not told again.
    const hear: FeedListener<R> = (events, revision) => {
      if (revision <= start) return;
      const isOld = events.some((event) => event.revision <= start);
      listener(isOld ? events.filter((event) => event.revision > start) : events, revision);
    };
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /**
   * Resolves when the feed shows everything that is in the store now. For those who write, or start, and then rely on
   * what they have in memory; `Unavailable` when that takes longer than the store may.
   */
  async caughtUp(): Promise<void> {
    await this.ready();
    const { entries } = await this.#store.list(kindPrefix(this.#kind));
    const pairs = decodePairs(pairEntries(this.#kind, entries).pairs, (error) =>
      this.#reportBroken(error),
    );
    const isShown = ({ object }: RecordPair): boolean => {
      const { namespace, name } = object.record.metadata;
      const shown = this.#halves.get(refText(namespace === null ? { name } : { namespace, name }));
      return (shown?.object?.revision ?? 0n) >= object.revision || this.#revision > object.revision;
    };
    if (pairs.every(isShown)) return;
    const done = Promise.withResolvers<void>();
    const unlisten = this.listen(() => {
      if (pairs.every(isShown)) done.resolve();
    });
    const late = failure("Unavailable", `the feed of ${this.#kind.plural} does not catch up`);
    const cancel = this.#clock.after(limits.storeTimeoutMs, () => done.reject(late));
    try {
      await done.promise;
    } finally {
      cancel();
      unlisten();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#ready.reject(failure("Unavailable", "the process is stopping"));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted;) {
      try {
        await this.#relist();
        attempt = 0;
        for await (const batch of this.#store.watch(
          kindPrefix(this.#kind),
          this.#revision,
          signal,
        )) {
          this.#take(batch);
        }
      } catch (error) {
        if (signal.aborted) return;
        const level = isFailure(error, "Compacted") ? "info" : "warn";
        this.#log[level]({ kind: this.#kind.kind, err: error }, "feed lists again");
        const delay = backoffMs(attempt, this.#random.fraction(), feedBackoff);
        attempt += 1;
        await pause(this.#clock, delay, signal);
      }
    }
  }

  /** Reads everything and tells what is different from what was known. */
  async #relist(): Promise<void> {
    const { entries, revision } = await this.#store.list(kindPrefix(this.#kind));
    const before = new Map(this.#halves);
    this.#halves.clear();
    for (const entry of entries) this.#absorb({ type: "put", entry });
    const events: FeedEvent<R>[] = [];
    for (const [key, halves] of this.#halves) {
      const known = before.get(key);
      const isSame =
        known?.object?.revision === halves.object?.revision &&
        known?.status?.revision === halves.status?.revision;
      if (!isSame) events.push(...this.#show(key, revision));
    }
    for (const key of [...this.#objects.keys()].filter((name) => !this.#halves.has(name))) {
      events.push(...this.#show(key, revision));
    }
    this.#history.beginAt(revision);
    this.#revision = revision;
    this.#tell(events);
    this.#ready.resolve();
  }

  #take(batch: ChangeBatch): void {
    const events: FeedEvent<R>[] = [];
    for (const [revision, changes] of byRevision(batch.changes)) {
      /** What is new of each object, in characters. */
      const touched = new Map<string, number>();
      for (const change of changes) {
        const absorbed = this.#absorb(change);
        if (absorbed === undefined) continue;
        const { key, chars } = absorbed;
        touched.set(key, (touched.get(key) ?? 0) + chars);
      }
      for (const [key, chars] of touched) {
        const shown = this.#show(key, revision);
        this.#history.remember(shown, chars);
        events.push(...shown);
      }
    }
    this.#revision = batch.revision;
    this.#tell(events);
  }

  /** Takes one record in; gives the key of the object that it belongs to, and how long it is. */
  #absorb(change: Change): { readonly key: string; readonly chars: number } | undefined {
    const parsed = parsePartKey(this.#kind, change.type === "put" ? change.entry.key : change.key);
    if (!parsed) return undefined;
    const key = refText(parsed.ref);
    const halves = this.#halves.get(key) ?? { object: undefined, status: undefined };
    const read =
      parsed.part === "object"
        ? { object: this.#decode(change, decodeObject) }
        : { status: this.#decode(change, decodeStatus) };
    this.#halves.set(key, { ...halves, ...read });
    const length = change.type === "put" ? change.entry.value.byteLength : 0;
    return { key, chars: read.object?.chars ?? read.status?.chars ?? length };
  }

  /** A record that cannot be read counts as not there, and hides none of the others. */
  #decode<T>(change: Change, decode: (entry: Entry) => Stored<T>): Stored<T> | undefined {
    if (change.type !== "put") return undefined;
    try {
      // Kept for as long as the object is: without the text that it was read from.
      const { deflated: _deflated, ...stored } = decode(change.entry);
      return stored;
    } catch (error) {
      this.#reportBroken(error);
      return undefined;
    }
  }

  #reportBroken(error: unknown): void {
    this.#log.error({ kind: this.#kind.kind, err: error }, "a record cannot be read");
  }

  #join(halves: Halves | undefined): R | undefined {
    if (!halves?.object) return undefined;
    if (this.#kind.status !== undefined && !halves.status) return undefined;
    return deepFreeze(join(this.#kind, halves.object, halves.status)) as R;
  }

  /** What a changed record of an object means to those who listen. */
  #show(key: string, revision: Revision): readonly FeedEvent<R>[] {
    const joined = this.#join(this.#halves.get(key));
    if (joined) return this.#place(key, joined, revision);
    const event = this.#drop(key, revision);
    return event ? [event] : [];
  }

  /** Another life under the same name is the end of one object and the beginning of another. */
  #place(key: string, object: R, revision: Revision): readonly FeedEvent<R>[] {
    const previous = this.#objects.get(key);
    const isSame = previous?.metadata.uid === object.metadata.uid;
    const ended = isSame ? undefined : this.#drop(key, revision);
    this.#objects.set(key, object);
    if (previous && isSame) return [{ type: "MODIFIED", key, object, previous, revision }];
    const event = { type: "ADDED", key, object, revision } as const;
    return ended ? [ended, event] : [event];
  }

  #drop(key: string, revision: Revision): FeedEvent<R> | undefined {
    const previous = this.#objects.get(key);
    const halves = this.#halves.get(key);
    if (!halves?.object && !halves?.status) this.#halves.delete(key);
    if (!previous) return undefined;
    this.#objects.delete(key);
    const metadata = { ...previous.metadata, resource_version: String(revision) };
    return { type: "DELETED", key, object: deepFreeze({ ...previous, metadata }), revision };
  }

  #tell(events: readonly FeedEvent<R>[]): void {
    // One that begins to listen now hears of what comes next.
    const present = [...this.#listeners];
    for (const listener of present) {
      try {
        listener(events, this.#revision);
      } catch (error) {
        // One listener's fault must not keep the events from the others, nor end the watch.
        this.#log.error({ kind: this.#kind.kind, err: error }, "a listener failed");
      }
    }
  }
}

const feedBackoff = { firstMs: 100, mostMs: 10_000 };

function byRevision(changes: readonly Change[]): ReadonlyMap<Revision, readonly Change[]> {
  const groups = new Map<Revision, Change[]>();
  for (const change of changes) {
    const revision = change.type === "put" ? change.entry.revision : change.revision;
    const group = groups.get(revision);
    if (group) group.push(change);
    else groups.set(revision, [change]);
  }
  return groups;
}
