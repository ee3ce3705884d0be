import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { storeConformance } from "@octoplane/store/conformance/suite";
import { openStore } from "@octoplane/store/open";
import { afterAll, beforeAll, describe } from "vitest";
import { hasEtcd, startEtcd, type EtcdServer } from "./etcd-server.ts";

const parts = { clock: systemClock, log: silentLog };
let tests = 0;

describe.runIf(hasEtcd())("over a real etcd", () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await startEtcd({ fsync: false });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  storeConformance("etcd", async () => {
    tests += 1;
    const store = await openStore(server.url, { progressMs: 200 }, parts);
    return { store, prefix: `/test/${tests}/` };
  });
});
