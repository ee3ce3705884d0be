import { inflated, type PlainRecord } from "./deflated-record.ts";
import type { Part } from "./keys.ts";

/**
 * The form of stored records, by number. A record carries the number of the form that it was written in (`v`); one of an
 * older form is brought up to the newest step by step when it is read, in memory only. Whatever is written is of the newest
 * form, so a record moves up for good with its next change, and nothing ever walks over the store to convert it.
 *
 * A migration is pure and total: it takes every record that its form allows. Whoever adds one adds records of the form before
 * it to `testdata/records`, which are never changed again.
 */

export interface Migration {
  /** It leads from this form to the next. */
  readonly from: number;
  readonly object: (record: PlainRecord) => PlainRecord;
  readonly status: (record: PlainRecord) => PlainRecord;
}

const same = (record: PlainRecord): PlainRecord => record;

/** Form 2: a status counts its events, beside its decisions. */
const countEvents: Migration = {
  from: 1,
  object: same,
  status(record) {
    const status = record["status"];
    if (typeof status !== "object" || status === null || Array.isArray(status)) return record;
    return Object.hasOwn(status, "events")
      ? record
      : { ...record, status: { ...status, events: 0 } };
  },
};

/** Form 3: what is large may be deflated (`deflated-record.ts`), which is undone before anything else is done. */
const mayBeDeflated: Migration = { from: 2, object: same, status: same };

/** In order, without a gap. */
export const migrations: readonly Migration[] = [countEvents, mayBeDeflated];

/** The form that this program writes. */
export const newestVersion = migrations.length + 1;

/**
 * The record in the newest form. A record whose number is none, or higher than this program knows, is a text that says why
 * it cannot be read.
 */
export function migrateRecord(part: Part, stored: PlainRecord): PlainRecord | string {
  const { v: version, ...written } = stored;
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1) {
    return `has no schema version (v: ${told(version)})`;
  }
  if (version > newestVersion) {
    return (
      `has schema version ${version}, and this program reads up to ${newestVersion}: ` +
      "it was written by a newer one"
    );
  }
  const record = version >= 3 ? inflated(part, written) : written;
  if (typeof record === "string") return record;
  let current: PlainRecord = record;
  for (const migration of migrations.slice(version - 1)) current = migration[part](current);
  return current;
}

function told(value: unknown): string {
  return value === undefined ? "missing" : String(JSON.stringify(value)).slice(0, 40);
}
