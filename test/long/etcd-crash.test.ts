import { isFailure } from "@octoplane/shared/errors";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { lineOf, put, waitFor, Watcher } from "@octoplane/store/conformance/harness";
import { openStore } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { describe, expect, test } from "vitest";
import { CrashLoad } from "../conformance/crash-load.ts";
import { hasEtcd, startEtcd } from "../conformance/etcd-server.ts";

const parts = { clock: systemClock, log: silentLog };

describe.runIf(hasEtcd())("an etcd that is killed", () => {
  test("loses nothing acknowledged, and watches go on without a gap or a repeat", async () => {
    await using server = await startEtcd();
    await using store = await openStore(server.url, {}, parts);
    await using watcher = new Watcher(store, "/load/", 0n);
    const load = new CrashLoad(store, "/load/", 64);
    for (let round = 0; round < 3; round += 1) {
      const before = load.acknowledged.size;
      await waitFor(async () => load.acknowledged.size > before + 1_000, "commits");
      await server.kill();
      await waitFor(async () => load.unknown.size > round * 64, "commits that fail");
      await server.restart();
    }
    const before = load.acknowledged.size;
    await waitFor(
      async () => load.acknowledged.size > before + 100,
      "commits after the last start",
    );
    await load.stop();
    await expectNothingLost(store, load, watcher);
  });

  test("a watch from the beginning sees all that was written before it", async () => {
    await using server = await startEtcd({ fsync: false });
    await using store = await openStore(server.url, {}, parts);
    for (let step = 0; step < 3; step += 1) await store.commit([], [put("/a", `${step}`)]);
    await using watcher = new Watcher(store, "", 0n);
    await watcher.until(() => watcher.changes.length === 3);
    expect(watcher.changes.map(lineOf)).toEqual(["put /a 0", "put /a 1", "put /a 2"]);
  });

  test("history is bounded without anyone asking for it", async () => {
    await using server = await startEtcd({ fsync: false });
    await using store = await openStore(server.url, { historyRevisions: 100 }, parts);
    for (let step = 0; step < 200; step += 1) await store.commit([], [put("/a", `${step}`)]);
    await using watcher = new Watcher(store, "", 2n);
    await watcher.ended();
    expect(isFailure(watcher.error, "Compacted")).toBe(true);
  });
});

async function expectNothingLost(store: Store, load: CrashLoad, watcher: Watcher): Promise<void> {
  const { entries, revision } = await store.list("/load/");
  const there = new Map(entries.map((entry) => [entry.key, entry.revision]));
  for (const [key, at] of load.acknowledged) expect(there.get(key), key).toBe(at);
  for (const key of there.keys()) {
    expect(load.acknowledged.has(key) || load.unknown.has(key), key).toBe(true);
  }
  await watcher.until(() => watcher.changes.length >= entries.length);
  const seen = watcher.changes.map((change) => (change.type === "put" ? change.entry : undefined));
  expect(seen).toHaveLength(there.size);
  expect(new Set(seen.map((entry) => entry?.key))).toEqual(new Set(there.keys()));
  const revisions = watcher.batches.map((batch) => batch.revision);
  expect(revisions.toSorted((one, other) => Number(one - other))).toEqual(revisions);
  expect(revisions.at(-1)).toBeLessThanOrEqual(revision);
}
