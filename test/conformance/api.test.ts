import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { openStore } from "@octoplane/store/open";
import { afterAll, beforeAll, describe } from "vitest";
import { accessSuite } from "./api/access-suite.ts";
import { additionsSuite } from "./api/additions-suite.ts";
import { bootstrapSuite } from "./api/bootstrap-suite.ts";
import { contractSuite } from "./api/contract-suite.ts";
import { corsSuite } from "./api/cors-suite.ts";
import { fuzzSuite } from "./api/fuzz-suite.ts";
import { grantSuite } from "./api/grant-suite.ts";
import { historySuite } from "./api/history-suite.ts";
import { keySuite } from "./api/key-suite.ts";
import { kindSuite } from "./api/kind-suite.ts";
import { refusalSuite } from "./api/refusal-suite.ts";
import { openServer, type OpenServer } from "./api/server-bench.ts";
import { documentSuite } from "./api/document-suite.ts";
import { methodsSuite } from "./api/methods-suite.ts";
import { slowClientSuite, tlsSuite } from "./api/tls-suite.ts";
import { tokenSuite } from "./api/token-suite.ts";
import { watchSuite } from "./api/watch-suite.ts";
import { hasEtcd, startEtcd, type EtcdServer } from "./etcd-server.ts";

/** The API as its clients meet it: real HTTP over real stores. */
function apiConformance(name: string, open: OpenServer): void {
  describe(name, () => {
    // Each with a server of its own, one after the other: a store of etcd is emptied for the next.
    describe("kinds", () => kindSuite(open));
    describe("single kinds", () => contractSuite(open));
    describe("other origins", () => corsSuite(open));
    describe("refusals", () => refusalSuite(open));
    describe("watches", () => watchSuite(open));
    describe("access", () => accessSuite(open));
    describe("grants", () => grantSuite(open));
    describe("tokens", () => tokenSuite(open));
    describe("bootstrap", () => bootstrapSuite(open));
    describe("additions", () => additionsSuite(open));
    describe("history", () => historySuite(open));
    describe("TLS", () => tlsSuite(open));
    describe("methods of authentication", () => methodsSuite(open));
    describe("slow clients", () => slowClientSuite(open));
    describe("keys", () => keySuite(open));
    describe("fuzzing", () => fuzzSuite(open));
    describe("self-description", () => documentSuite(open));
  });
}

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

describe.runIf(hasEtcd())("with a real etcd", () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await startEtcd({ fsync: false });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  apiConformance("the API over etcd", async (settings) =>
    openServer(await openStore(server.url, options, storeParts), settings),
  );
});
