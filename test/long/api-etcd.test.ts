import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { openStore } from "@octoplane/store/open";
import { afterAll, beforeAll, describe } from "vitest";
import { apiConformance } from "../conformance/api/api-conformance.ts";
import { openServer } from "../conformance/api/server-bench.ts";
import { hasEtcd, startEtcd, type EtcdServer } from "../conformance/etcd-server.ts";

describe.runIf(hasEtcd())("with a real etcd", () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await startEtcd({ fsync: false });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  apiConformance("the API over etcd", async (settings) => {
    const store = await openStore(
      server.url,
      { progressMs: 100 },
      { clock: systemClock, log: silentLog },
    );
    return await openServer(store, settings);
  });
});
