import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { firstKey, keyAfter, prefixEnd } from "../key-range.ts";
import type { Entry, Listing, Page, Revision } from "../store.ts";
import type { EtcdConnection } from "./etcd-connection.ts";
import { toEntry } from "./etcd-reads.ts";

/**
 * One page, or everything: at one revision, in answers of about `pageBytesMax` as far as the sizes
 * of the entries so far tell.
 */
export async function listEtcd(
  connection: EtcdConnection,
  prefix: string,
  page: Page,
): Promise<Listing> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listOnce(connection, prefix, page);
    } catch (error) {
      // Without a revision of the caller's any newer one will do.
      const mayRestart = page.at === undefined && restarts < limits.listRestartsMax;
      if (!mayRestart || !isFailure(error, "Compacted")) throw error;
    }
  }
}

/** Throws `Compacted` when its revision is forgotten between two answers. */
async function listOnce(connection: EtcdConnection, prefix: string, page: Page): Promise<Listing> {
  const isPage = page.limit !== undefined;
  const most = isPage ? Math.min(page.limit, limits.pageEntriesMax) : Infinity;
  const entries: Entry[] = [];
  let bytes = 0;
  let start = firstKey(prefix, page.after);
  let revision = page.at;
  // How much values weigh is not known before the first are here.
  let step: number = page.keysOnly ? limits.etcdPageEntriesMax : limits.etcdFirstPageMax;
  for (;;) {
    const limit = Math.min(step, most - entries.length);
    const { keysOnly } = page;
    const answer = await listStep(connection, prefix, { start, limit, revision, keysOnly });
    revision = answer.revision;
    for (const entry of answer.entries) {
      const size = entry.key.length + entry.value.byteLength;
      const isFull = isPage && entries.length > 0 && bytes + size > limits.pageBytesMax;
      if (isFull) return { entries, revision, more: true };
      bytes += size;
      entries.push(entry);
    }
    const last = answer.entries.at(-1);
    if (!answer.more || !last) return { entries, revision, more: false };
    if (entries.length >= most) return { entries, revision, more: true };
    start = keyAfter(last.key);
    step = nextStep(entries.length, bytes);
  }
}

/**
 * As many entries as fill an answer, judging by the size of those seen; never many times more than
 * were seen, because small ones say little of the large ones that may follow.
 */
function nextStep(seen: number, bytes: number): number {
  const fitting = Math.max(1, Math.floor(limits.pageBytesMax / Math.max(1, bytes / seen)));
  return Math.min(limits.etcdPageEntriesMax, limits.etcdPageGrowthMax * seen, fitting);
}

async function listStep(
  connection: EtcdConnection,
  prefix: string,
  page: {
    readonly start: Buffer;
    readonly limit: number;
    readonly revision: Revision | undefined;
    readonly keysOnly: boolean | undefined;
  },
): Promise<{ entries: readonly Entry[]; revision: Revision; more: boolean }> {
  const range = {
    ...keyRange(page.start, prefix),
    limit: page.limit,
    ...(page.revision !== undefined && { revision: page.revision.toString() }),
    ...(page.keysOnly && { keys_only: true }),
  };
  const answer = await connection.read("list", (client) => client.kv.range(range));
  return {
    entries: answer.kvs.map(toEntry),
    revision: page.revision ?? BigInt(answer.header.revision),
    more: answer.more,
  };
}

/** etcd's range of the keys of a prefix; a zero byte stands for the first key, and for no end. */
export function keyRange(start: Buffer, prefix: string): { key: Buffer; range_end: Buffer } {
  const none = Buffer.from([0]);
  return {
    key: start.length > 0 ? start : none,
    range_end: prefixEnd(Buffer.from(prefix)) ?? none,
  };
}
