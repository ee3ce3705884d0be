import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { open, type Database, type RootDatabase, type Transaction } from "lmdb";
import { decodeState, encodeState, type LmdbState } from "./lmdb-records.ts";

/**
 * The databases of one LMDB environment. All keys and values are bytes.
 *
 * - `log`: (revision, index) -> what one write of a commit did, with its value
 * - `index`: key -> where its newest value stands in the log
 * - `past`: (key, revision that ended it) -> where an older value stands, until compaction
 * - `leased`: (lease, key) -> nothing; the keys that end with a lease
 * - `meta`: the revision, and how far history is forgotten
 */
export interface LmdbFiles {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly log: Database<Buffer, Buffer>;
  readonly index: Database<Buffer, Buffer>;
  readonly past: Database<Buffer, Buffer>;
  readonly leased: Database<Buffer, Buffer>;
  readonly meta: Database<Buffer, Buffer>;
}

const stateKey = Buffer.from("state");

/**
 * Makes the directory where it is not there yet, durably: as long as a directory above the files
 * can vanish with the power, no commit in them is durable either.
 */
export function makeDirectory(directory: string): void {
  const whole = resolve(directory);
  const first = mkdirSync(whole, { recursive: true });
  if (first === undefined) return;
  for (let made = whole; made.length >= first.length; made = dirname(made)) {
    syncDirectory(dirname(made));
  }
}

/**
 * Opens or creates the environment in a directory that is there. `overlappingSync` is off: LMDB then syncs the
 * data and the meta page before a commit becomes visible or its promise resolves, so that visible,
 * durable and acknowledged are one thing.
 */
export function openFiles(directory: string): LmdbFiles {
  const encodings = { encoding: "binary", keyEncoding: "binary" } as const;
  const root = open<Buffer, Buffer>({
    path: join(directory, "data.mdb"),
    noSubdir: true,
    overlappingSync: false,
    maxDbs: 8,
    ...encodings,
  });
  syncDirectory(directory);
  const database = (name: string): Database<Buffer, Buffer> => root.openDB(name, encodings);
  return {
    root,
    log: database("log"),
    index: database("index"),
    past: database("past"),
    leased: database("leased"),
    meta: database("meta"),
  };
}

/** The name of a new file or directory is durable only when the directory that names it is. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * The state of the files, or of a snapshot of them. Revisions start at 1, as etcd's do, so that
 * every listing names a revision one can list at.
 */
export function readState(files: LmdbFiles, transaction?: Transaction): LmdbState {
  const stored = files.meta.get(stateKey, transaction && { transaction });
  return stored ? decodeState(stored) : { revision: 1n, compacted: 0n, cleaned: 0n, lease: 0n };
}

/** Only inside a write transaction. */
export function writeState(files: LmdbFiles, state: LmdbState): void {
  files.meta.putSync(stateKey, encodeState(state));
}
