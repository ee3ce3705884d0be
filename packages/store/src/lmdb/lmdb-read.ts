import type { Transaction } from "lmdb";
import { firstKey, prefixEnd } from "../key-range.ts";
import type { Change, Entry, Revision } from "../store.ts";
import type { LmdbFiles } from "./lmdb-files.ts";
import {
  decodeLog,
  decodePastKey,
  decodePlace,
  logKey,
  logKeyRevision,
  pastKey,
  type Place,
} from "./lmdb-records.ts";

/** Reads of the files at one snapshot (`transaction`). */

interface Placed {
  readonly key: Buffer;
  readonly place: Place;
}

export interface EntryRange {
  readonly prefix: string;
  readonly after?: string | undefined;
  /** Absent for the newest revision of the snapshot. */
  readonly at?: Revision | undefined;
  readonly keysOnly?: boolean | undefined;
}

const noValue = Buffer.alloc(0);

/** The newest entry of a key. */
export function readEntry(
  files: LmdbFiles,
  transaction: Transaction,
  key: string,
): Entry | undefined {
  const name = Buffer.from(key);
  const stored = files.index.get(name, { transaction });
  return stored && entryAt(files, transaction, { key: name, place: decodePlace(stored) });
}

/** The entries of a range in order of their keys. */
export function* readEntries(
  files: LmdbFiles,
  transaction: Transaction,
  range: EntryRange,
): Generator<Entry> {
  const places =
    range.at === undefined
      ? newestPlaces(files, transaction, range)
      : placesAt(files, transaction, { ...range, at: range.at });
  for (const placed of places) {
    if (!range.keysOnly) yield entryAt(files, transaction, placed);
    else {
      const { revision, created } = placed.place;
      yield { key: placed.key.toString(), value: noValue, revision, created };
    }
  }
}

/** What the log holds after a revision, in order, with the revision of each change. */
export function* readLog(
  files: LmdbFiles,
  transaction: Transaction,
  after: Revision,
): Generator<{ readonly revision: Revision; readonly change: Change }> {
  for (const item of files.log.getRange({ start: logKey(after + 1n, 0), transaction })) {
    const { key, created, value } = decodeLog(item.value);
    const revision = logKeyRevision(item.key);
    const change: Change = value
      ? { type: "put", entry: { key, value, revision, created } }
      : { type: "remove", key, revision };
    yield { revision, change };
  }
}

function entryAt(files: LmdbFiles, transaction: Transaction, { key, place }: Placed): Entry {
  const record = files.log.get(logKey(place.revision, place.index), { transaction });
  const { value } = decodeLog(record!);
  return {
    key: key.toString(),
    value: value!,
    revision: place.revision,
    created: place.created,
  };
}

function* newestPlaces(
  files: LmdbFiles,
  transaction: Transaction,
  range: EntryRange,
): Generator<Placed> {
  const items = files.index.getRange({ ...bounds(range), transaction });
  for (const { key, value } of items) yield { key, place: decodePlace(value) };
}

/**
 * The places that were the newest at a revision: of the index those that are older, of the past the
 * others.
 */
function* placesAt(
  files: LmdbFiles,
  transaction: Transaction,
  range: EntryRange & { readonly at: Revision },
): Generator<Placed> {
  const past = pastPlaces(files, transaction, range);
  let ended = past.next();
  for (const placed of newestPlaces(files, transaction, range)) {
    if (placed.place.revision > range.at) continue;
    while (!ended.done && Buffer.compare(ended.value.key, placed.key) < 0) {
      yield ended.value;
      ended = past.next();
    }
    yield placed;
  }
  while (!ended.done) {
    yield ended.value;
    ended = past.next();
  }
}

/**
 * Of each key in the past, the place that was its newest at the revision, if any. Seeks once or
 * twice a key instead of walking its history, which may be long.
 */
function* pastPlaces(
  files: LmdbFiles,
  transaction: Transaction,
  range: EntryRange & { readonly at: Revision },
): Generator<Placed> {
  const { end, start } = bounds(range);
  let cursor = seek(files, transaction, start, end);
  while (cursor) {
    const { key, ended } = decodePastKey(cursor.key);
    const place = decodePlace(cursor.value);
    if (ended <= range.at) {
      cursor = seek(files, transaction, pastKey(key, range.at + 1n), end);
      continue;
    }
    if (place.revision <= range.at) yield { key, place };
    cursor = seek(files, transaction, Buffer.concat([key, Buffer.from([1])]), end);
  }
}

function seek(
  files: LmdbFiles,
  transaction: Transaction,
  start: Buffer | undefined,
  end: Buffer | undefined,
): { readonly key: Buffer; readonly value: Buffer } | undefined {
  const range = { ...(start && { start }), ...(end && { end }), limit: 1, transaction };
  for (const item of files.past.getRange(range)) return item;
  return undefined;
}

function bounds(range: EntryRange): { readonly start?: Buffer; readonly end?: Buffer } {
  const start = firstKey(range.prefix, range.after);
  const end = prefixEnd(Buffer.from(range.prefix));
  return { ...(start.length > 0 && { start }), ...(end && { end }) };
}
