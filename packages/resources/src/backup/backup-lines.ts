import { createHash, type Hash } from "node:crypto";
import { arrivalOrder } from "@octoplane/kinds/arrival-order";
import { backupFormat, backupVersion, type BackupHeader } from "@octoplane/kinds/backup-format";
import type { AnyKind } from "@octoplane/kinds/kind";
import { isoTime } from "@octoplane/shared/clock";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Entry, Revision, Store } from "@octoplane/store/store";
import { decisionPrefix, eventPrefix, revisionPrefix, kindPrefix } from "../keys.ts";
import { pairEntries, type EntryPair } from "../page.ts";
import { decodeObject, decodeStatus } from "../record.ts";
import type { Parts } from "../repository.ts";
import { newestVersion } from "../schema-version.ts";

/**
 * The lines of a backup, each with its line end, true at one revision of the store. Secrets stay sealed. What fails on the
 * way, history that is compacted under it above all, becomes an error line, after which there is no trailer. Holds one page
 * of the store and the decisions of a few objects in memory, and reads on only as it is asked for more.
 */
export async function* backupLines(
  parts: Pick<Parts, "store" | "sealer" | "clock">,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const count = { records: 0, unreadable: 0, hash: createHash("sha256") };
  try {
    const { revision } = await parts.store.list(kindPrefix(arrivalOrder[0]!), { limit: 1 });
    yield counted(count, [`${JSON.stringify(headerOf(parts, revision))}\n`]);
    for (const kind of arrivalOrder) {
      for await (const lines of linesOfKind(parts.store, kind, revision)) {
        if (signal.aborted) throw failure("Unavailable", "the server is stopping");
        count.records += lines.filter((line) => line.startsWith(`{"key"`)).length;
        count.unreadable += lines.filter((line) => line.startsWith(`{"unreadable"`)).length;
        yield counted(count, lines);
      }
    }
    const { records, unreadable } = count;
    const trailer = { records, unreadable, sha256: count.hash.digest("hex") };
    yield `${JSON.stringify({ trailer })}\n`;
  } catch (error) {
    // What went wrong inside is not for whoever asked; the stream breaks off, and that is told by the missing trailer.
    if (!isFailure(error) || error.code === "Internal") throw error;
    const message =
      error.code === "Compacted"
        ? "the history of the store was compacted before the backup had come to its end: begin again, and read faster"
        : error.message;
    yield `${JSON.stringify({ error: { code: error.code, message } })}\n`;
  }
}

function headerOf(
  { sealer, clock }: Pick<Parts, "sealer" | "clock">,
  revision: Revision,
): BackupHeader {
  return {
    format: backupFormat,
    version: backupVersion,
    schema_version: newestVersion,
    revision: String(revision),
    created: isoTime(clock.now()),
    sealing_keys: [...sealer.keyIds],
    kinds: arrivalOrder.map(({ api, kind }) => `${api}/${kind}`),
  };
}

function counted({ hash }: { readonly hash: Hash }, lines: readonly string[]): string {
  const text = lines.join("");
  hash.update(text);
  return text;
}

async function* linesOfKind(
  store: Store,
  kind: AnyKind,
  at: Revision,
): AsyncGenerator<readonly string[], void, undefined> {
  let after: string | undefined;
  for (;;) {
    const { entries, more } = await store.list(kindPrefix(kind), {
      at,
      limit: limits.pageEntriesMax,
      ...(after === undefined ? {} : { after }),
    });
    const { pairs, last } = pairEntries(kind, entries);
    const known = new Set(pairs.flatMap(({ object, status }) => [object.key, status?.key]));
    const lost = entries.filter(({ key }) => !known.has(key) && isBefore(key, last, more));
    if (lost.length > 0) yield lost.map(({ key }) => unreadableLine(key));
    for (let first = 0; first < pairs.length; first += limits.backupObjectsMax) {
      const some = pairs.slice(first, first + limits.backupObjectsMax);
      yield (await Promise.all(some.map((pair) => linesOfPair(store, kind, pair, at)))).flat();
    }
    if (!more) return;
    after = last ?? entries.at(-1)?.key;
    if (after === undefined) return;
  }
}

/** On the last page everything has been seen; before, a half at the end may find its other half on the next. */
function isBefore(key: string, last: string | undefined, more: boolean): boolean {
  return !more || last === undefined || Buffer.compare(Buffer.from(key), Buffer.from(last)) <= 0;
}

async function linesOfPair(
  store: Store,
  kind: AnyKind,
  { object, status }: EntryPair,
  at: Revision,
): Promise<readonly string[]> {
  let uid: string;
  let generation: number;
  let counters: Readonly<Record<string, unknown>>;
  try {
    ({ uid, generation } = decodeObject(object).record.metadata);
    counters = status === undefined ? {} : decodeStatus(status).record.status;
  } catch (error) {
    if (!isFailure(error, "Internal")) throw error;
    return [object, ...(status ? [status] : [])].map(({ key }) => unreadableLine(key));
  }
  const beside = await Promise.all([
    counters["decisions"] ? readAll(store, decisionPrefix(uid), at) : [],
    counters["events"] ? readAll(store, eventPrefix(uid), at) : [],
    generation > 1 && kind.keepsRevisions === true ? readAll(store, revisionPrefix(uid), at) : [],
  ]);
  return [object, ...(status ? [status] : []), ...beside.flat()].map(lineOf);
}

async function readAll(store: Store, prefix: string, at: Revision): Promise<readonly Entry[]> {
  return (await store.list(prefix, { at })).entries;
}

/** The record as it stands, byte by byte, if it is one. */
function lineOf({ key, value }: Entry): string {
  const text = Buffer.from(value).toString("utf8");
  try {
    JSON.parse(text);
  } catch {
    return unreadableLine(key);
  }
  return `{"key":${JSON.stringify(key)},"record":${text}}\n`;
}

function unreadableLine(key: string): string {
  return `${JSON.stringify({ unreadable: key })}\n`;
}
