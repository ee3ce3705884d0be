import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { seededRandom } from "@octoplane/shared/random";
import { storeConformance } from "@octoplane/store/conformance/suite";
import { FaultyStore } from "@octoplane/store/faulty-store";
import { openStore } from "@octoplane/store/open";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/**
 * The suite over LMDB, and over an LMDB that fails as a network does. `store-etcd.test.ts` has the
 * others.
 */

const parts = { clock: systemClock, log: silentLog };
const options = { progressMs: 200 };
const folders: string[] = [];
let seed = 20_260_000;

function temporaryUrl(): string {
  const folder = mkdtempSync(join(tmpdir(), "octoplane-lmdb-"));
  folders.push(folder);
  return `lmdb://${folder}`;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

storeConformance("lmdb", async () => ({
  store: await openStore(temporaryUrl(), options, parts),
  prefix: "/test/",
}));

// Each test has its own seed, the same in every run.
storeConformance("lmdb with faults", async () => {
  seed += 1;
  const store = await openStore(temporaryUrl(), options, parts);
  const random = seededRandom(seed);
  return { store: new FaultyStore(store, { random, clock: systemClock }), prefix: "/test/" };
});
