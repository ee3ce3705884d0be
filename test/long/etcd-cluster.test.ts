import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { storeConformance } from "@octoplane/store/conformance/suite";
import { put, waitFor, Watcher } from "@octoplane/store/conformance/harness";
import { PatientStore } from "@octoplane/store/conformance/patient-store";
import { openStore } from "@octoplane/store/open";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CrashLoad } from "../conformance/crash-load.ts";
import { hasEtcd, startEtcd, type EtcdServer } from "../conformance/etcd-server.ts";

const parts = { clock: systemClock, log: silentLog };

describe.runIf(hasEtcd())("an etcd of three members", () => {
  let server: EtcdServer;
  let tests = 0;
  beforeAll(async () => {
    server = await startEtcd({ members: 3, fsync: false });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("goes on when its members are killed one after the other", async () => {
    await using store = await openStore(server.url, {}, parts);
    const { revision } = await store.list("/load/");
    await using watcher = new Watcher(store, "/load/", revision);
    const load = new CrashLoad(store, "/load/", 16);
    const goesOn = async (): Promise<void> => {
      const before = load.acknowledged.size;
      await waitFor(async () => load.acknowledged.size > before + 200, "commits");
    };
    for (const member of [0, 1, 2]) {
      await goesOn();
      await server.kill(member);
      await goesOn();
      await server.restart();
    }
    await load.stop();
    const { entries } = await store.list("/load/");
    const there = new Map(entries.map((entry) => [entry.key, entry.revision]));
    for (const [key, at] of load.acknowledged) expect(there.get(key), key).toBe(at);
    await watcher.until(() => watcher.changes.length >= entries.length);
    expect(watcher.changes).toHaveLength(entries.length);
  });

  describe("with one member dead", () => {
    beforeAll(async () => {
      await server.kill(0);
      await using store = new PatientStore(await openStore(server.url, {}, parts));
      await store.commit([], [put("/a", "the others have a leader")]);
    });

    test("reads and commits of a store that is opened now succeed at once", async () => {
      await using store = await openStore(server.url, {}, parts);
      await store.commit([], [put("/a", "1")]);
      expect(await store.get("/a")).toBeDefined();
    });

    storeConformance("the suite", async () => {
      tests += 1;
      const store = await openStore(server.url, { progressMs: 200 }, parts);
      return { store, prefix: `/test/${tests}/` };
    });
  });
});
