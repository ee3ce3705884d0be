import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { openStore } from "@octoplane/store/open";
import { afterAll } from "vitest";
import { apiConformance } from "./api/api-conformance.ts";
import { openServer } from "./api/server-bench.ts";

const storeParts = { clock: systemClock, log: silentLog };
const options = { progressMs: 100 };
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

apiConformance("the API over LMDB", async (settings) => {
  const folder = mkdtempSync(join(tmpdir(), "octoplane-api-"));
  folders.push(folder);
  return await openServer(await openStore(`lmdb://${folder}`, options, storeParts), settings);
});
