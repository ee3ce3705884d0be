import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Etcd3 } from "etcd3";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { hasEtcd, startEtcd } from "../conformance/etcd-server.ts";
import { perSecond, type Report } from "./figure.ts";

const value = Buffer.alloc(2_000, "x");
const parts = { clock: systemClock, random: systemRandom, log: silentLog };

/** Guarded commits of 2 kB: ours against a loop of single guarded transactions with the same client and concurrency. */
export async function benchStores(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "octoplane-bench-"));
  try {
    {
      await using store = await openStore(`lmdb://${folder}/lmdb`, {}, parts);
      for (const writers of [1, 64, 256]) {
        const rate = await commitRate(store, writers);
        report({ name: `store.lmdb.commits.${writers}`, value: rate, unit: "/s" });
      }
    }
    if (hasEtcd()) await benchEtcd(report);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each figure on an etcd of its own, because one that has taken a million writes is slower than a fresh one. */
async function benchEtcd(report: Report): Promise<void> {
  const goals: Readonly<Record<number, string>> = { 1: "1 x", 256: "5 x" };
  for (const writers of [1, 64, 256]) {
    const baseline = await rawRate(writers);
    await using server = await startEtcd({ fsync: true });
    await using store = await openStore(server.url, {}, parts);
    const rate = await commitRate(store, writers);
    report({
      name: `store.etcd.commits.${writers}`,
      value: rate,
      unit: "/s",
      baseline: { name: "single guarded transactions", value: baseline },
      ...(goals[writers] === undefined ? {} : { goal: goals[writers] }),
    });
  }
}

async function rawRate(writers: number): Promise<number> {
  await using server = await startEtcd({ fsync: true });
  const raw = new Etcd3({ hosts: `http://${server.hosts[0]}` });
  const rate = await perSecond(writers, async (index) => {
    const key = `/raw/${writers}/${index}`;
    await raw.if(key, "Create", "==", 0).then(raw.put(key).value(value)).commit();
  });
  raw.close();
  return rate;
}

async function commitRate(store: Store, writers: number): Promise<number> {
  return await perSecond(writers, async (index) => {
    const key = `/ours/${writers}/${index}`;
    await store.commit([{ key, revision: 0n }], [{ key, value }]);
  });
}
