import { systemClock } from "@octoplane/shared/clock";
import { messageOf, isFailure } from "@octoplane/shared/errors";
import { silentLog } from "@octoplane/shared/log";
import { put, Watcher } from "@octoplane/store/conformance/harness";
import { openStore } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const parts = { clock: systemClock, log: silentLog };

describe("an LMDB store whose process is killed", () => {
  let directory: string;
  let child: ChildProcess | undefined;
  const open = (options = {}): Promise<Store> => openStore(`lmdb://${directory}`, options, parts);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "octoplane-lmdb-"));
  });
  afterEach(() => {
    child?.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  test("loses nothing acknowledged, splits no commit, and opens again at once", async () => {
    const acknowledged = new Map<string, bigint>();
    for (const run of ["1", "2", "3"]) {
      child = startWriter(directory, run);
      const lines = await killAfter(child, 1_500);
      for (const [key, revision] of lines) acknowledged.set(key, revision);
      await using store = await open();
      const { entries } = await store.list("/load/");
      const there = new Map(entries.map((entry) => [entry.key, entry.revision]));
      for (const [key, revision] of acknowledged) expect(there.get(key), key).toBe(revision);
      for (const newest of (await store.list("/newest/")).entries) {
        const key = Buffer.from(newest.value).toString();
        expect(there.get(key), key).toBe(newest.revision);
      }
      await using watcher = new Watcher(store, "/load/", 0n);
      await watcher.until(() => watcher.changes.length >= entries.length);
    }
    expect(acknowledged.size).toBeGreaterThan(4_000);
  });

  test("is refused to a second process while the first lives, and twice to one", async () => {
    child = startWriter(directory, "1");
    await new Promise((done) => child!.stdout!.once("data", done));
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(isFailure(error, "Unavailable")).toBe(true);
    expect(messageOf(error)).toContain(`process ${child.pid}`);
    await killAfter(child, 0);
    await using first = await open();
    expect(await first.list("/newest/")).toMatchObject({ more: false });
    expect(isFailure(await open().catch((reason: unknown) => reason), "Unavailable")).toBe(true);
  });

  test("keeps revisions, guards and history over a clean restart, but no leases", async () => {
    let revision: bigint;
    {
      await using store = await open();
      const lease = await store.lease(60_000);
      const old = await store.commit([], [put("/a", "1"), put("/leased", "1", lease.id)]);
      revision = await store.commit([{ key: "/a", revision: old }], [put("/a", "2")]);
    }
    await using store = await open();
    expect((await store.get("/a"))?.revision).toBe(revision);
    expect(await store.get("/leased")).toBeUndefined();
    const before = await store.list("/", { at: revision });
    expect(before.entries.map(({ key }) => key)).toEqual(["/a", "/leased"]);
    expect(await store.commit([{ key: "/a", revision }], [put("/a", "3")])).toBeGreaterThan(
      revision,
    );
  });

  test("bounds its history by itself, and what is newest stays", async () => {
    await using store = await open({ historyRevisions: 200 });
    await store.commit([], [put("/first", "stays")]);
    const steps = Array.from({ length: 3_000 }, (_, step) => step);
    for (let from = 0; from < steps.length; from += 100) {
      const some = steps.slice(from, from + 100);
      await Promise.all(some.map((step) => store.commit([], [put(`/${step % 10}`, `${step}`)])));
    }
    await using late = new Watcher(store, "", 2_000n);
    await late.ended();
    expect(isFailure(late.error, "Compacted")).toBe(true);
    const { entries, revision } = await store.list("");
    expect(entries).toHaveLength(11);
    expect(entries.at(-1)?.key).toBe("/first");
    const older = await store.list("", { at: revision - 100n });
    expect(older.entries).toHaveLength(11);
    await using kept = new Watcher(store, "", revision - 100n);
    await kept.until(() => kept.changes.length === 100);
  });
});

function startWriter(directory: string, run: string): ChildProcess {
  const script = resolve(import.meta.dirname, "lmdb-writer.ts");
  return spawn(process.execPath, [script, directory, run], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/**
 * Kills the writer when it has acknowledged that many commits; resolves with all that it printed.
 */
async function killAfter(
  child: ChildProcess,
  commits: number,
): Promise<readonly (readonly [string, bigint])[]> {
  let output = "";
  await new Promise<void>((done) => {
    child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (output.length > commits * 20) child.kill("SIGKILL");
    });
    child.once("close", () => done());
    if (commits === 0) child.kill("SIGKILL");
  });
  // The last line may be cut off in its middle.
  return output
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [key = "", revision = "0"] = line.split(" ");
      return [key, BigInt(revision)] as const;
    });
}
