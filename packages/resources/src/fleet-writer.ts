import { setImmediate as nextTurn } from "node:timers/promises";
import { limits } from "@octoplane/shared/limits";
import type { Plain } from "@octoplane/shared/plain-data";
import { patchOf, type Patch } from "@octoplane/shared/plain-patch";
import type { Store, Write } from "@octoplane/store/store";
import { fleetRecordKey } from "./fleet-journal-index.ts";
import { encodeChange, type FleetChange } from "./fleet-state.ts";

/** A fleet at one moment. As long as nothing has changed, `id` is the same object, and so is each item that did not change. */
export interface FleetView {
  readonly id: object;
  items(): Iterable<readonly [name: string, item: object]>;
}

/** Where in which journal a state stands. */
export interface FleetBasis {
  readonly writer: string;
  readonly entry: number;
}

interface Item {
  readonly item: object;
  readonly plain: Plain;
}

/**
 * One journal, from its first checkpoint on: what of a view is new goes into the next entry. Entries follow each other; whoever
 * owns the writer awaits each. After an error it must be given up: nobody knows what was stored.
 */
export class FleetWriter {
  readonly #place: { readonly namespace: string; readonly writer: string };
  readonly #store: Store;
  readonly #encode: (item: object) => Plain;
  #items: ReadonlyMap<string, Item> = new Map();
  #entry = 0;
  #time = 0;
  /** Of the segment that is written: bytes of its checkpoint and of what follows, and how many entries follow. */
  #segment: { readonly first: number; more: number; entries: number } | undefined;

  constructor(
    place: { readonly namespace: string; readonly writer: string },
    store: Store,
    encode: (item: object) => Plain,
  ) {
    this.#place = place;
    this.#store = store;
    this.#encode = encode;
  }

  get basis(): FleetBasis {
    return { writer: this.#place.writer, entry: this.#entry };
  }

  /** When the newest entry was written, in milliseconds since the epoch. */
  get time(): number {
    return this.#time;
  }

  /** Writes the view down; true when that began a new segment. With `again` it does in any case. */
  async write(view: FleetView, now: number, again = false): Promise<boolean> {
    const { items, change } = await this.#compare(view);
    const isNothing = change.changed.length === 0 && change.gone.length === 0;
    if (isNothing && this.#segment && !again) return false;
    const isCheckpoint = again || !this.#segment || isFull(this.#segment);
    const whole = [...items].map(([name, { plain }]): [string, Patch] => [name, ["=", plain]]);
    const told = isCheckpoint ? { changed: whole, gone: [] } : change;
    // Two entries of one moment would be one for those who go through them by time.
    const time = Math.max(now, this.#time + 1);
    const bytes = await this.#append(told, { isCheckpoint, time });
    if (isCheckpoint || !this.#segment) this.#segment = { first: bytes, more: 0, entries: 0 };
    else {
      this.#segment.more += bytes;
      this.#segment.entries += 1;
    }
    this.#items = items;
    this.#time = time;
    return isCheckpoint;
  }

  async #append(
    change: FleetChange,
    { isCheckpoint, time }: { readonly isCheckpoint: boolean; readonly time: number },
  ): Promise<number> {
    const values = await encodeChange(change);
    const entry = this.#entry + 1;
    const writes = values.map((value, part): Write => {
      const about = { entry, part, parts: values.length, isCheckpoint, time };
      const key = fleetRecordKey({ ...this.#place, ...about, bytes: value.length });
      return { key, value };
    });
    await Promise.all(writes.map((write) => this.#store.commit([], [write])));
    this.#entry = entry;
    return values.reduce((sum, { length }) => sum + length, 0);
  }

  /** What is another object than last time is looked at; other work has its turn in between. */
  async #compare(
    view: FleetView,
  ): Promise<{ readonly items: ReadonlyMap<string, Item>; readonly change: FleetChange }> {
    const items = new Map<string, Item>();
    const changed: [string, Patch][] = [];
    let looked = 0;
    for (const [name, item] of view.items()) {
      const before = this.#items.get(name);
      if (before?.item === item) {
        items.set(name, before);
        continue;
      }
      const plain = this.#encode(item);
      const patch = before ? patchOf(before.plain, plain) : ["=", plain];
      if (patch !== undefined) changed.push([name, patch]);
      items.set(name, { item, plain });
      looked += 1;
      if (looked % limits.fleetSliceMax === 0) await nextTurn();
    }
    const gone = [...this.#items.keys()].filter((name) => !items.has(name));
    return { items, change: { changed, gone } };
  }
}

function isFull({
  first,
  more,
  entries,
}: {
  readonly first: number;
  readonly more: number;
  readonly entries: number;
}): boolean {
  const most = Math.max(first, limits.fleetSegmentBytesLeast) * limits.fleetSegmentGrowth;
  return more > most || entries >= limits.fleetSegmentEntriesMax;
}
