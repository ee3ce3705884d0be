import type { Client } from "@octoplane/client/client";
import type { BackupHeader, BackupRecord } from "@octoplane/kinds/backup-format";
import { failure, invalid, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Io } from "../io.ts";
import { BackupCheck } from "./backup-check.ts";
import { linesOfFile } from "./backup-file.ts";
import { Progress } from "./progress.ts";

export interface RestoredObject {
  readonly key: string;
  readonly result: "created" | "replaced" | "unchanged";
}

export interface RestoredBackup {
  readonly header: BackupHeader;
  readonly results: readonly RestoredObject[];
}

interface Numbered {
  readonly line: number;
  readonly entry: BackupRecord;
}

interface Run {
  readonly client: Client;
  readonly path: string;
  /** As the person named it. */
  readonly name: string;
  readonly io: Io;
  readonly replace: boolean;
}

/**
 * Restores a backup: the file is checked as a whole, then the server checks every record without writing any, then they are
 * written, what others need first. Marks for deletion come at the end, when everything is there that a deletion concerns.
 * `Invalid` names file, line and field.
 */
export async function restoreBackup(
  run: Run,
  { dryRun }: { readonly dryRun: boolean },
): Promise<RestoredBackup> {
  const found = await checkFile(run);
  const results = await sendAll(run, { dryRun: true, hold: true, doing: "checked" });
  if (dryRun) return { header: found.header, results };
  const written = await sendAll(run, { dryRun: false, hold: true, doing: "restored" });
  if (found.marked > 0) {
    await sendAll(run, { dryRun: false, hold: false, doing: "marked", only: isMarked });
  }
  return { header: found.header, results: written };
}

/** Everything that can be told without a server: form, version, number, hash, and that no uid stands there twice. */
async function checkFile({
  path,
  name,
  io,
}: Run): Promise<{ readonly header: BackupHeader; readonly marked: number }> {
  const check = new BackupCheck();
  const progress = new Progress(io);
  const uids = new Map<string, number>();
  let marked = 0;
  try {
    for await (const text of linesOfFile(path)) {
      const line = check.take(text);
      if (line.is !== "record" || !isObject(line.entry)) continue;
      const uid = metadataOf(line.entry)?.uid;
      if (typeof uid === "string") {
        const first = uids.get(uid);
        if (first !== undefined) {
          const message = `line ${check.line}: the uid ${uid} stands in line ${first} already`;
          throw failure("Invalid", message);
        }
        uids.set(uid, check.line);
      }
      if (isMarked(line.entry)) marked += 1;
      progress.tell(() => `${check.records} records read`);
    }
    const { header } = check.end();
    return { header, marked };
  } catch (error) {
    if (!isFailure(error, "Invalid")) throw error;
    throw failure("Invalid", `${name}: ${error.message}`);
  }
}

async function sendAll(
  run: Run,
  options: {
    readonly dryRun: boolean;
    readonly hold: boolean;
    readonly doing: string;
    /** Left out: everything. */
    readonly only?: (object: BackupRecord) => boolean;
  },
): Promise<readonly RestoredObject[]> {
  const progress = new Progress(run.io);
  const results: RestoredObject[] = [];
  for await (const batch of batchesOf(run.path, options.only ?? (() => true))) {
    const body = {
      records: batch.map(({ entry }) => entry),
      replace: run.replace,
      hold_deletions: options.hold,
    };
    const query = options.dryRun ? { dryRun: "All" } : {};
    type Answer = { readonly results: readonly RestoredObject[] };
    const answer = await run.client.transport
      .json<Answer>("POST", "/core/restore", { body, query })
      .catch((error: unknown) => {
        throw withLines(error, batch, run.name);
      });
    results.push(...answer.results);
    progress.tell(() => `${results.length} objects ${options.doing}`);
  }
  return results;
}

/** Objects with all that belongs to them, as many together as one request should have. */
async function* batchesOf(
  path: string,
  only: (object: BackupRecord) => boolean,
): AsyncGenerator<readonly Numbered[], void, undefined> {
  const check = new BackupCheck();
  let batch: Numbered[] = [];
  let group: Numbered[] = [];
  let [batchChars, groupChars] = [0, 0];
  let isWanted = true;
  for await (const text of linesOfFile(path)) {
    const line = check.take(text);
    if (line.is === "trailer" || (line.is === "record" && isObject(line.entry))) {
      const isFull =
        batchChars + groupChars > limits.restoreBatchBytes ||
        batch.length + group.length > limits.restoreRecordsMax;
      if (isFull && batch.length > 0) {
        yield batch;
        [batch, batchChars] = [[], 0];
      }
      batch.push(...group);
      batchChars += groupChars;
      [group, groupChars] = [[], 0];
    }
    if (line.is !== "record") continue;
    if (isObject(line.entry)) isWanted = only(line.entry);
    if (!isWanted) continue;
    group.push({ line: check.line, entry: line.entry });
    groupChars += text.length;
  }
  if (batch.length > 0) yield batch;
}

function isObject({ key }: BackupRecord): boolean {
  return key.startsWith("/registry/") && key.endsWith("/object");
}

function isMarked(entry: BackupRecord): boolean {
  return typeof metadataOf(entry)?.deleted === "string";
}

function metadataOf({
  record,
}: BackupRecord): { readonly uid?: unknown; readonly deleted?: unknown } | undefined {
  const metadata = record["metadata"];
  return typeof metadata === "object" && metadata !== null ? metadata : undefined;
}

/** The server's `records[3].record.metadata.name` as the line of the file. */
function withLines(error: unknown, batch: readonly Numbered[], name: string): unknown {
  if (!isFailure(error, "Invalid")) return error;
  return invalid(
    error.fields.map(({ field, message }) => {
      const [, index, rest] = /^records\[(\d+)\]\.?(.*)$/.exec(field) ?? [];
      const found = batch[Number(index)];
      if (!found) return { field, message };
      const { line, entry } = found;
      return { field: `${name}:${line} (${entry.key}) ${rest}`.trimEnd(), message };
    }),
  );
}
