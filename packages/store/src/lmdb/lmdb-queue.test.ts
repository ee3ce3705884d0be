import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { silentLog } from "@octoplane/shared/log";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codeOf, put } from "../conformance/harness.ts";
import type { Write } from "../store.ts";
import { cleanHistory } from "./lmdb-apply.ts";
import { openFiles, readState, type LmdbFiles } from "./lmdb-files.ts";
import { LmdbLeases } from "./lmdb-leases.ts";
import { LmdbQueue } from "./lmdb-queue.ts";

let directory: string;
let files: LmdbFiles;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "octoplane-queue-"));
  files = openFiles(directory);
});
afterEach(async () => {
  await files.root.close();
  rmSync(directory, { recursive: true, force: true });
});

function openQueue(over: LmdbFiles = files): LmdbQueue {
  return new LmdbQueue(over, 1_000, () => undefined);
}

function commit(queue: LmdbQueue, ...writes: readonly Write[]): Promise<bigint> {
  return queue.run({ guards: [], writes: () => writes });
}

/** The same files on a disk that can be full: while it is, no transaction gets through. */
function fullDisk(): { readonly files: LmdbFiles; isFull: boolean } {
  const disk = { isFull: false };
  const root: unknown = {
    childTransaction: async (work: () => unknown) => {
      if (disk.isFull) throw new Error("no space left on device");
      return files.root.childTransaction(work);
    },
    resetReadTxn: () => files.root.resetReadTxn(),
  };
  return Object.assign(disk, { files: { ...files, root: root as LmdbFiles["root"] } });
}

test("when someone else wrote to the files nothing is written over it", async () => {
  const ours = openQueue();
  const theirs = openQueue();
  await commit(ours, put("/a", "ours"));
  expect(await codeOf(commit(theirs, put("/b", "theirs")))).toBe("Unavailable");
  expect(await codeOf(commit(theirs, put("/b", "theirs")))).toBe("Unavailable");
  await commit(ours, put("/c", "ours"));
  expect([...files.index.getKeys()].map(String)).toEqual(["/a", "/c"]);
});

test("commits that could not be written are Unavailable, and the next ones succeed", async () => {
  const disk = fullDisk();
  const queue = openQueue(disk.files);
  const first = await commit(queue, put("/a", "1"));
  disk.isFull = true;
  expect(await codeOf(commit(queue, put("/a", "2")))).toBe("Unavailable");
  disk.isFull = false;
  expect(await commit(queue, put("/a", "3"))).toBe(first + 1n);
});

test("the keys of an ended lease that could not be removed are removed later", async () => {
  const clock = new VirtualClock();
  const disk = fullDisk();
  const queue = openQueue(disk.files);
  const leases = new LmdbLeases({ files, queue, clock, log: silentLog });
  const expiring = leases.grant(10);
  const revoked = leases.grant(60);
  await commit(queue, put("/expiring", "", expiring.id), put("/revoked", "", revoked.id));
  disk.isFull = true;
  expect(await codeOf(revoked.revoke())).toBe("Unavailable");
  clock.advance(10_000);
  expect(await codeOf(commit(queue))).toBe("Unavailable");
  expect(await codeOf(expiring.keepAlive())).toBe("NotFound");
  expect([...files.index.getKeys()]).toHaveLength(2);
  disk.isFull = false;
  await revoked.revoke();
  expect([...files.index.getKeys()].map(String)).toEqual(["/expiring"]);
  clock.advance(10_000);
  await queue.close();
  expect([...files.index.getKeys()]).toEqual([]);
});

test("cleaning takes few bytes at a time, whole revisions, and leaves what is newest", async () => {
  const queue = openQueue();
  for (let step = 0; step < 6; step += 1) {
    const value = `${step}`.padEnd(1_000, ".");
    await commit(queue, put("/a", value), put("/b", value), put(`/kept/${step}`, value));
  }
  const newest = await commit(queue, { key: "/b", remove: true });
  const steps: bigint[] = [];
  let { cleaned } = readState(files);
  while (cleaned < newest) {
    cleaned = await files.root.transaction(() =>
      cleanHistory(files, { cleaned, compacted: newest }, { records: 1_000, bytes: 4_000 }),
    );
    steps.push(cleaned);
  }
  expect(steps).toEqual([3n, 5n, 7n, 8n]);
  expect([...files.past.getKeys()]).toEqual([]);
  expect([...files.log.getKeys()]).toHaveLength(7);
});
