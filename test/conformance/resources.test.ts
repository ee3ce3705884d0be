import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { openStore } from "@octoplane/store/open";
import { afterAll, beforeAll, describe } from "vitest";
import { hasEtcd, startEtcd, type EtcdServer } from "./etcd-server.ts";
import { auditSuite } from "./resources/audit-suite.ts";
import { backupSuite } from "./resources/backup-suite.ts";
import { feedSuite } from "./resources/feed-suite.ts";
import { openBench, type OpenBench } from "./resources/bench.ts";
import { repositorySuite } from "./resources/repository-suite.ts";
import { revisionSuite } from "./resources/revision-suite.ts";
import { rotationSuite } from "./resources/rotation-suite.ts";
import { secretSuite } from "./resources/secret-suite.ts";

/** The rules of resources over the real stores: each test works in a namespace, or under names, of its own. */
function resourcesConformance(name: string, open: OpenBench): void {
  describe(name, () => {
    repositorySuite(open);
    secretSuite(open);
    revisionSuite(open);
    rotationSuite(open);
    feedSuite(open);
    backupSuite(open);
    auditSuite(open);
  });
}

const storeParts = { clock: systemClock, log: silentLog };
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

resourcesConformance("resources over LMDB", async (options) => {
  const folder = mkdtempSync(join(tmpdir(), "octoplane-resources-"));
  folders.push(folder);
  return openBench(await openStore(`lmdb://${folder}`, options ?? {}, storeParts));
});

describe.runIf(hasEtcd())("with a real etcd", () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await startEtcd({ fsync: false });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  resourcesConformance("resources over etcd", async (options) => {
    const bench = openBench(await openStore(server.url, options ?? {}, storeParts));
    await bench.clear();
    return bench;
  });
});
