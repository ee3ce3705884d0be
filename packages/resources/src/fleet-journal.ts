import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Plain } from "@octoplane/shared/plain-data";
import type { Random } from "@octoplane/shared/random";
import type { Store } from "@octoplane/store/store";
import {
  parseFleetRecordKey,
  segmentsToRemove,
  type FleetRecordKey,
} from "./fleet-journal-index.ts";
import { FleetWriter, type FleetBasis, type FleetView } from "./fleet-writer.ts";
import { fleetPrefix } from "./keys.ts";

/** A view that is decided on, and where it is written down; without a basis when it could not be. */
export interface Seen<V> {
  readonly view: V;
  readonly basis: FleetBasis | undefined;
}

export interface FleetJournalOptions<V> {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The fleet of a namespace now; `undefined` while it is not known. */
  readonly look: (namespace: string) => V | undefined;
  readonly encode: (item: object) => Plain;
}

interface Book<V> {
  writer: FleetWriter;
  written: Seen<V> | undefined;
  flushing: Promise<Seen<V> | undefined> | undefined;
  cancel: (() => void) | undefined;
  /** Until when no write is tried, because one has failed. */
  pausedUntil: number;
}

/**
 * How placement sees the fleet, written down by one scheduler: what is decided on before the decision, everything else once a
 * second at most, and nothing while nothing changes. See docs/adr/0018-fleet-journal.md.
 */
export class FleetJournal<V extends FleetView> implements AsyncDisposable {
  readonly #options: FleetJournalOptions<V>;
  readonly #name: string;
  readonly #books = new Map<string, Book<V>>();
  #writers = 0;
  #sweep: (() => void) | undefined;
  #sweeping: Promise<void> | undefined;
  #tidying: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: FleetJournalOptions<V>) {
    this.#options = options;
    // Names of later schedulers come later.
    const began = options.clock.now().toString(36).padStart(9, "0");
    this.#name = `${began}-${options.random.bytes(4).toString("hex")}`;
  }

  /** Looks after old journals from now on. */
  start(): void {
    if (this.#isClosed) return;
    this.#sweep = this.#options.clock.after(limits.fleetSweepMs, () => {
      this.#sweeping = this.sweep().finally(() => this.start());
    });
  }

  /**
   * The newest fleet, written down: at least as new as it was when this was called. Those who ask while it is being written
   * share the next write. `undefined` while the fleet is not known.
   */
  async seen(namespace: string): Promise<Seen<V> | undefined> {
    const { look } = this.#options;
    const before = look(namespace);
    if (before === undefined) return undefined;
    const book = this.#bookOf(namespace);
    if (book.written?.view.id === before.id) return book.written;
    if (this.#isPaused(book)) return { view: before, basis: undefined };
    // What is under way may have begun before whatever it is that wakes the caller.
    if (book.flushing) {
      await book.flushing;
      // It has just failed: a store that does not answer is not waited for once more.
      if (this.#isPaused(book)) return { view: look(namespace) ?? before, basis: undefined };
      if (book.written?.view.id === look(namespace)?.id) return book.written;
    }
    return await this.#flush(namespace, book);
  }

  /** Something changed that placement looks at: it is written down soon, even if nobody decides. */
  changed(namespace: string): void {
    const book = this.#bookOf(namespace);
    if (book.cancel || this.#isClosed) return;
    const { clock } = this.#options;
    const waitMs = Math.max(1, book.writer.time + limits.fleetJournalMs - clock.now());
    book.cancel = clock.after(Math.min(waitMs, limits.fleetJournalMs), () => {
      book.cancel = undefined;
      // What is no cluster (budgets, the brake) may have changed while the view is the same.
      if (!this.#isPaused(book)) void this.#flush(namespace, book);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#sweep?.();
    for (const { cancel } of this.#books.values()) cancel?.();
    for (const { flushing } of this.#books.values()) await flushing;
    await Promise.all([this.#sweeping, this.#tidying]);
  }

  /** Removes what is too old or too much, of whichever writer, and repeats checkpoints before they are. */
  async sweep(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      for (const [namespace, book] of this.#books) {
        const isOld = book.writer.time < clock.now() - limits.fleetJournalKeptMs / 2;
        if (book.written && isOld) await this.#flush(namespace, book, true);
      }
      const byNamespace = Map.groupBy(await this.#records(), ({ namespace }) => namespace);
      for (const [namespace, records] of byNamespace) await this.#remove(namespace, records);
    } catch (error) {
      log.warn({ err: error }, "old fleet journals cannot be removed");
    }
  }

  async #flush(namespace: string, book: Book<V>, again = false): Promise<Seen<V> | undefined> {
    book.flushing ??= this.#write(namespace, book, again).finally(() => {
      book.flushing = undefined;
    });
    return await book.flushing;
  }

  /** Never fails: who decides must not be kept from it. */
  async #write(namespace: string, book: Book<V>, again: boolean): Promise<Seen<V> | undefined> {
    const { clock, log, look } = this.#options;
    const view = look(namespace);
    if (view === undefined) return undefined;
    try {
      const isNewSegment = await book.writer.write(view, clock.now(), again);
      book.written = { view, basis: book.writer.basis };
      if (isNewSegment) this.#tidy(namespace);
      return book.written;
    } catch (error) {
      log.warn({ namespace, err: error }, "the fleet cannot be written down");
      book.writer = this.#newWriter(namespace);
      book.written = undefined;
      book.pausedUntil = clock.monotonic() + limits.fleetRetryMs;
      return { view, basis: undefined };
    }
  }

  /** Nobody waits for it. */
  #tidy(namespace: string): void {
    const remove = async (): Promise<void> => {
      await this.#tidying;
      if (!this.#isClosed) await this.#remove(namespace, await this.#records(namespace));
    };
    this.#tidying = remove().catch((error: unknown) => {
      const { log } = this.#options;
      log.warn({ namespace, err: error }, "old fleet journals cannot be removed");
    });
  }

  async #records(namespace?: string): Promise<readonly FleetRecordKey[]> {
    const prefix = fleetPrefix(namespace);
    const { entries } = await this.#options.store.list(prefix, { keysOnly: true });
    return entries.flatMap(({ key }) => parseFleetRecordKey(key) ?? []);
  }

  async #remove(namespace: string, records: readonly FleetRecordKey[]): Promise<void> {
    const { clock, store } = this.#options;
    const segments = segmentsToRemove(records, {
      now: clock.now(),
      writer: this.#books.get(namespace)?.writer.basis.writer,
      bytesMax: limits.fleetJournalBytesMax,
    });
    const keys = segments.flatMap((segment) => segment.records.map(({ key }) => key));
    for (let from = 0; from < keys.length; from += limits.commitOperationsMax) {
      const some = keys.slice(from, from + limits.commitOperationsMax);
      await store.commit(
        [],
        some.map((key) => ({ key, remove: true })),
      );
    }
  }

  #isPaused({ pausedUntil }: Book<V>): boolean {
    return this.#options.clock.monotonic() < pausedUntil;
  }

  #bookOf(namespace: string): Book<V> {
    let book = this.#books.get(namespace);
    if (!book) {
      const writer = this.#newWriter(namespace);
      book = { writer, written: undefined, flushing: undefined, cancel: undefined, pausedUntil: 0 };
      this.#books.set(namespace, book);
    }
    return book;
  }

  #newWriter(namespace: string): FleetWriter {
    this.#writers += 1;
    const writer = `${this.#name}-${this.#writers}`;
    return new FleetWriter({ namespace, writer }, this.#options.store, this.#options.encode);
  }
}
