import { join } from "node:path";
import { parseArgs } from "node:util";
import { ApiConfigSchema, type ApiConfig } from "@octoplane/api/config";
import { TokenSigner } from "@octoplane/api/auth/signed-token";
import { start } from "@octoplane/api/start";
import { readAs } from "@octoplane/kinds/read-input";
import { readOrMakeKeyFile } from "@octoplane/process/key-file";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { systemClock as clock } from "@octoplane/shared/clock";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { openLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { systemRandom as random } from "@octoplane/shared/random";
import { writeAdminToken } from "@octoplane/standalone/access-files";
import { openStore } from "@octoplane/store/open";

/** An API server alone, for the REST figures: nothing schedules what is created. */
const { values } = parseArgs({
  options: { "data-dir": { type: "string", default: "" }, store: { type: "string" } },
});
const dataDir = values["data-dir"];
const log = openLog("api", "warn");
const store = await openStore(
  values.store ?? `lmdb://${join(dataDir, "store")}`,
  {},
  { clock, random, log },
);
const sealer = new Sealer(await readOrMakeKeyFile(join(dataDir, "sealing.key"), random), random);
const signer = new TokenSigner(
  await readOrMakeKeyFile(join(dataDir, "token.key"), random),
  clock,
  random,
);
const resources = new Resources({ store, sealer, clock, random }, log);
await writeAdminToken(dataDir, signer);
const config = readAs<ApiConfig>(ApiConfigSchema, { listen: "127.0.0.1:0" });
const api = await start(config, {
  resources,
  signer,
  log,
  metrics: new Metrics(),
  version: "bench",
});
process.stdout.write(`${api.address}\n`);
process.once("SIGTERM", () => void disposeAll([store, resources, api]));
