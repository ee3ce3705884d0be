import { failure, type OctoplaneError } from "@octoplane/shared/errors";
import type { Change, Guard, Revision, Write } from "../store.ts";
import type { LmdbFiles } from "./lmdb-files.ts";
import {
  decodeLeasedKey,
  decodeLog,
  decodePlace,
  encodeLog,
  encodePlace,
  leasedKey,
  logKey,
  logKeyRevision,
  pastKey,
  type Place,
} from "./lmdb-records.ts";

/** What a write transaction does to the files. Everything here runs inside one, and only there. */

const nothing = Buffer.from([0]);

/** The first guard that does not hold, as a `Conflict`; undefined when all hold. */
export function brokenGuard(
  files: LmdbFiles,
  guards: readonly Guard[],
): OctoplaneError | undefined {
  for (const guard of guards) {
    const stored = files.index.get(Buffer.from(guard.key));
    const revision = stored ? decodePlace(stored).revision : 0n;
    if (revision !== guard.revision) {
      return failure(
        "Conflict",
        `${guard.key} has revision ${revision}, not ${guard.revision} as was expected`,
      );
    }
  }
  return undefined;
}

/**
 * Applies the writes at the revision; the changes are empty when nothing was there to be removed.
 */
export function applyWrites(
  files: LmdbFiles,
  revision: Revision,
  writes: readonly Write[],
): readonly Change[] {
  const changes: Change[] = [];
  for (const write of writes) {
    const key = Buffer.from(write.key);
    const stored = files.index.get(key);
    const before = stored ? decodePlace(stored) : undefined;
    if (before) endPlace(files, key, before, revision);
    if ("value" in write) {
      const created = before?.created ?? revision;
      const place = { created, revision, index: changes.length, lease: write.lease ?? 0n };
      putPlace(files, key, place, write.value);
      const entry = { key: write.key, value: write.value, revision, created };
      changes.push({ type: "put", entry });
    } else if (before) {
      files.index.removeSync(key);
      files.log.putSync(
        logKey(revision, changes.length),
        encodeLog(key, before.created, undefined),
      );
      changes.push({ type: "remove", key: write.key, revision });
    }
  }
  return changes;
}

/** Removes of all keys that hang on the lease; without a lease, of all keys that hang on any. */
export function leaseRemovals(files: LmdbFiles, lease?: bigint): readonly Write[] {
  const range =
    lease === undefined
      ? {}
      : { start: leasedKey(lease, Buffer.alloc(0)), end: leasedKey(lease + 1n, Buffer.alloc(0)) };
  const writes: Write[] = [];
  for (const key of files.leased.getKeys(range)) {
    writes.push({ key: decodeLeasedKey(key).key, remove: true });
  }
  return writes;
}

/** What cleaning must know of a log record; its value, which may be large, is not kept. */
interface Cleanable {
  readonly logKey: Buffer;
  /** The value that this record ended, if it ended one. */
  readonly endedKey: Buffer;
  readonly isRemove: boolean;
}

/**
 * Deletes what nobody can ask for any more: values that were ended at or before `compacted`, and
 * removes. Looks at about as many records and bytes of them as `most` says, in whole revisions;
 * returns the revision up to which all is now clean.
 */
export function cleanHistory(
  files: LmdbFiles,
  state: { readonly cleaned: Revision; readonly compacted: Revision },
  most: { readonly records: number; readonly bytes: number },
): Revision {
  const range = { start: logKey(state.cleaned + 1n, 0), end: logKey(state.compacted + 1n, 0) };
  const found: Cleanable[] = [];
  let cleaned = state.cleaned;
  let bytes = 0;
  let isCut = false;
  for (const item of files.log.getRange(range)) {
    const revision = logKeyRevision(item.key);
    isCut = revision !== cleaned && (found.length >= most.records || bytes >= most.bytes);
    if (isCut) break;
    const { key, value } = decodeLog(item.value);
    const endedKey = pastKey(key, revision);
    found.push({ logKey: item.key, endedKey, isRemove: value === undefined });
    bytes += item.value.length;
    cleaned = revision;
  }
  for (const record of found) cleanRecord(files, record);
  return isCut ? cleaned : state.compacted;
}

function cleanRecord(files: LmdbFiles, record: Cleanable): void {
  const stored = files.past.get(record.endedKey);
  if (stored) {
    const place = decodePlace(stored);
    files.log.removeSync(logKey(place.revision, place.index));
    files.past.removeSync(record.endedKey);
  }
  if (record.isRemove) files.log.removeSync(record.logKey);
}

function endPlace(files: LmdbFiles, key: Buffer, before: Place, revision: Revision): void {
  files.past.putSync(pastKey(key, revision), encodePlace(before));
  if (before.lease !== 0n) files.leased.removeSync(leasedKey(before.lease, key));
}

function putPlace(files: LmdbFiles, key: Buffer, place: Place, value: Uint8Array): void {
  files.log.putSync(logKey(place.revision, place.index), encodeLog(key, place.created, value));
  files.index.putSync(key, encodePlace(place));
  if (place.lease !== 0n) files.leased.putSync(leasedKey(place.lease, key), nothing);
}
