import { isFailure } from "@octoplane/shared/errors";
import { expect, test } from "vitest";
import type { Revision, Store } from "../store.ts";
import { codeOf, lineOf, put, Watcher, type Open } from "./harness.ts";

export function watchChapter(open: Open): void {
  test("a watch yields every kind of change in order, and none of other prefixes", async () => {
    const { store, prefix } = await open();
    const [a, b] = [`${prefix}in/a`, `${prefix}in/b`];
    const start = await store.commit([], [put(a, "0")]);
    await using watcher = new Watcher(store, `${prefix}in/`, start);
    await store.commit([], [put(a, "1"), put(b, "1")]);
    await store.commit([], [put(`${prefix}out`, "x")]);
    await store.commit([], [{ key: a, remove: true }]);
    const last = await store.commit([], [put(b, "2")]);
    await watcher.until(() => watcher.changes.length >= 4);
    const [first, ...rest] = watcher.changes.map(lineOf).map((line) => line.replace(prefix, ""));
    expect(new Set([first, rest[0]])).toEqual(new Set(["put in/a 1", "put in/b 1"]));
    expect(rest.slice(1)).toEqual(["remove in/a", "put in/b 2"]);
    const change = watcher.changes.at(-1)!;
    expect(change.type === "put" && change.entry.revision).toBe(last);
    expect(change.type === "put" && change.entry.created).toBeLessThan(last);
  });

  test("a watch from an earlier revision sees what was written before it began", async () => {
    const { store, prefix } = await open();
    const { revision: start } = await store.list(prefix);
    for (let step = 0; step < 5; step += 1) await store.commit([], [put(`${prefix}a`, `${step}`)]);
    await using watcher = new Watcher(store, prefix, start);
    await watcher.until(() => watcher.changes.length >= 5);
    expect(watcher.changes.map(lineOf)).toEqual(
      [0, 1, 2, 3, 4].map((step) => `put ${prefix}a ${step}`),
    );
  });

  test("a watch started after a list misses nothing and repeats nothing", async () => {
    const { store, prefix } = await open();
    let isOver = false;
    const writing = (async () => {
      for (let step = 0; !isOver; step += 1) {
        await store.commit([], [put(`${prefix}${step % 10}`, `${step}`)]);
      }
      return store.commit([], [put(`${prefix}end`, "end")]);
    })();
    for (let round = 0; round < 8; round += 1) {
      const listing = await store.list(prefix);
      const state = new Map(listing.entries.map(({ key, revision }) => [key, revision]));
      await using watcher = new Watcher(store, prefix, listing.revision);
      await watcher.until(() => watcher.changes.length >= 20);
      for (const change of watcher.changes) {
        if (change.type !== "put") throw new Error("nothing was removed");
        const { key, revision } = change.entry;
        expect(revision).toBeGreaterThan(listing.revision);
        expect(revision).toBeGreaterThan(state.get(key) ?? 0n);
        state.set(key, revision);
      }
      const newest = watcher.batches.at(-1)!.revision;
      const there = await store.list(prefix, { at: newest });
      expect(new Map(there.entries.map(({ key, revision }) => [key, revision]))).toEqual(state);
    }
    isOver = true;
    await writing;
  });

  test("in a burst of 16 writers every change arrives once, in order and whole", async () => {
    const { store, prefix } = await open();
    const { revision: start } = await store.list(prefix);
    await using watcher = new Watcher(store, prefix, start);
    const revisions = await burst(store, prefix);
    await watcher.until(() => watcher.changes.length >= 2_000);
    const lines = watcher.changes.map(lineOf);
    expect(new Set(lines).size).toBe(2_000);
    expect(lines).toHaveLength(2_000);
    expectOrder(watcher, start);
    expect(wholeRevisions(watcher)).toEqual(new Set(revisions));
  });

  test("a long history of large commits is handed over whole and in order", async () => {
    const { store, prefix } = await open();
    const { revision: start } = await store.list(prefix);
    const revisions = await Promise.all(
      Array.from({ length: 400 }, (_, step) => {
        const keys = Array.from({ length: 7 }, (_unused, at) => `${prefix}${at}/${step}`);
        return store.commit(
          [],
          keys.map((key) => put(key, key.padEnd(2_000, "."))),
        );
      }),
    );
    await using watcher = new Watcher(store, prefix, start);
    await watcher.until(() => watcher.changes.length >= 2_800);
    expect(new Set(watcher.changes.map(lineOf)).size).toBe(2_800);
    expectOrder(watcher, start);
    expect(wholeRevisions(watcher)).toEqual(new Set(revisions));
  });

  test("a watch resumed at any of its batches goes on without a gap or a repeat", async () => {
    const { store, prefix } = await open();
    const { revision: start } = await store.list(prefix);
    for (let step = 0; step < 60; step += 1) {
      await store.commit(
        [],
        [put(`${prefix}${step % 7}`, `${step}`), put(`${prefix}n`, `${step}`)],
      );
    }
    await using whole = new Watcher(store, prefix, start);
    await whole.until(() => whole.changes.length >= 120);
    let position = start;
    const lines: string[] = [];
    while (lines.length < 120) {
      const abort = new AbortController();
      for await (const batch of store.watch(prefix, position, abort.signal)) {
        lines.push(...batch.changes.map(lineOf));
        position = batch.revision;
        break;
      }
    }
    expect(lines).toEqual(whole.changes.map(lineOf));
  });

  test("a reader that is slow gets everything", async () => {
    const { store, prefix } = await open();
    const { revision: start } = await store.list(prefix);
    const abort = new AbortController();
    const batches = store.watch(prefix, start, abort.signal)[Symbol.asyncIterator]();
    const pending = batches.next();
    await burst(store, prefix);
    const first = await pending;
    let count = first.done ? 0 : first.value.changes.length;
    while (count < 2_000) {
      const step = await batches.next();
      if (step.done) break;
      count += step.value.changes.length;
    }
    expect(count).toBe(2_000);
    abort.abort();
    expect((await batches.next()).done).toBe(true);
  });

  test("a watch below the compacted revision fails with Compacted", async () => {
    const { store, prefix } = await open();
    const old = await store.commit([], [put(`${prefix}a`, "1")]);
    await store.commit([], [put(`${prefix}a`, "2")]);
    const kept = await store.commit([], [put(`${prefix}a`, "3")]);
    const last = await store.commit([], [{ key: `${prefix}a`, remove: true }]);
    await store.compact(kept);
    await using late = new Watcher(store, prefix, old);
    await late.ended();
    expect(isFailure(late.error, "Compacted")).toBe(true);
    await using kind = new Watcher(store, prefix, kept);
    await kind.until(() => kind.changes.length > 0);
    expect(kind.changes).toEqual([{ type: "remove", key: `${prefix}a`, revision: last }]);
    await using beginning = new Watcher(store, prefix, 0n);
    await beginning.ended();
    expect(isFailure(beginning.error, "Compacted")).toBe(true);
  });

  test("a compaction during a watch does not hurt one that keeps up", async () => {
    const { store, prefix } = await open();
    const { revision: start } = await store.list(prefix);
    await using watcher = new Watcher(store, prefix, start);
    for (let step = 0; step < 30; step += 1) {
      const revision = await store.commit([], [put(`${prefix}a`, `${step}`)]);
      await watcher.until(() => watcher.changes.length > step);
      if (step % 10 === 9) await store.compact(revision);
    }
    expect(watcher.changes.map(lineOf)).toEqual(
      Array.from({ length: 30 }, (_, step) => `put ${prefix}a ${step}`),
    );
  });

  test("a remove at the compacted revision is not lost in silence", async () => {
    const { store, prefix } = await open();
    const before = await store.commit([], [put(`${prefix}a`, "1")]);
    const removed = await store.commit([], [{ key: `${prefix}a`, remove: true }]);
    await store.compact(removed);
    await using watcher = new Watcher(store, prefix, before);
    await watcher.ended();
    expect(isFailure(watcher.error, "Compacted")).toBe(true);
  });

  test("an idle prefix gets marks of progress as the others move on", async () => {
    const { store, prefix } = await open();
    const { revision: start } = await store.list(prefix);
    await using watcher = new Watcher(store, `${prefix}idle/`, start);
    let newest = start;
    for (let step = 0; step < 5; step += 1) {
      newest = await store.commit([], [put(`${prefix}busy/a`, `${step}`)]);
    }
    await watcher.until(() => (watcher.batches.at(-1)?.revision ?? 0n) >= newest);
    expect(watcher.changes).toEqual([]);
    expectOrder(watcher, start);
    await store.compact(newest);
    await using resumed = new Watcher(store, `${prefix}idle/`, watcher.batches.at(-1)!.revision);
    await store.commit([], [put(`${prefix}idle/a`, "1")]);
    await resumed.until(() => resumed.changes.length === 1);
  });

  test("an aborted watch ends without an error", async () => {
    const { store, prefix } = await open();
    const abort = new AbortController();
    const { revision } = await store.list(prefix);
    const batches = store.watch(prefix, revision, abort.signal)[Symbol.asyncIterator]();
    const pending = batches.next();
    setTimeout(() => abort.abort(), 20);
    await expect(pending).resolves.toMatchObject({ done: true });
    await using never = new Watcher(store, prefix, revision);
    await never[Symbol.asyncDispose]();
    expect(never.error).toBeUndefined();
  });

  test("the watches of a store that is closed end with Unavailable", async () => {
    const { store, prefix } = await open();
    const { revision } = await store.list(prefix);
    const watcher = new Watcher(store, prefix, revision);
    await store.commit([], [put(`${prefix}a`, "1")]);
    await watcher.until(() => watcher.changes.length === 1);
    await store[Symbol.asyncDispose]();
    await watcher.ended();
    expect(isFailure(watcher.error, "Unavailable")).toBe(true);
    expect(await codeOf(store.get(`${prefix}a`))).toBe("Unavailable");
    expect(await codeOf(store.commit([], [put(`${prefix}a`, "2")]))).toBe("Unavailable");
  });
}

/** 16 writers, 1,000 commits of two writes each; resolves with their revisions. */
async function burst(store: Store, prefix: string): Promise<readonly Revision[]> {
  const revisions: Revision[] = [];
  const writers = Array.from({ length: 16 }, async (_, writer) => {
    for (let step = writer; step < 1_000; step += 16) {
      const writes = [put(`${prefix}w${writer}`, `${step}`), put(`${prefix}n/${step}`, "new")];
      revisions.push(await store.commit([], writes));
    }
  });
  await Promise.all(writers);
  return revisions;
}

/** The revisions that a watcher saw; fails when one of them was split over two batches. */
function wholeRevisions(watcher: Watcher): ReadonlySet<Revision> {
  const seen = new Map<Revision, number>();
  watcher.batches.forEach(({ changes }, batch) => {
    for (const change of changes) {
      const at = change.type === "put" ? change.entry.revision : change.revision;
      expect(seen.get(at) ?? batch).toBe(batch);
      seen.set(at, batch);
    }
  });
  return new Set(seen.keys());
}

function expectOrder(watcher: Watcher, start: Revision): void {
  let newest = start;
  for (const batch of watcher.batches) {
    for (const change of batch.changes) {
      const revision = change.type === "put" ? change.entry.revision : change.revision;
      expect(revision).toBeGreaterThanOrEqual(newest);
      newest = revision;
    }
    expect(batch.revision).toBeGreaterThanOrEqual(newest);
    newest = batch.revision;
  }
}
