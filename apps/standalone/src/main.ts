import { join, resolve } from "node:path";
import { flagsOf, readSettings } from "@octoplane/process/settings";
import { messageOf } from "@octoplane/shared/errors";
import { runUntilSignal } from "@octoplane/shared/lifecycle";
import { openLog } from "@octoplane/shared/log";
import { StandaloneConfigSchema, type StandaloneConfig } from "./config.ts";
import { start } from "./start.ts";

/** `npm start`: the whole of Octoplane in one process. The address is the last line before it serves. */
const args = process.argv.slice(2);
if (args.includes("--help")) {
  process.stdout.write("npm start -- [flags]\n");
  for (const { flag, text } of flagsOf(StandaloneConfigSchema)) {
    process.stdout.write(`  ${flag.padEnd(56)}${text}\n`);
  }
} else {
  try {
    const config = await readSettings<StandaloneConfig>(StandaloneConfigSchema, args);
    await runUntilSignal(async () => {
      const server = await start(config, openLog("octoplane", config.log_level));
      const token = join(resolve(config.data_dir), "admin.token");
      process.stdout.write(`administrator's token: ${token}\n`);
      process.stdout.write(`documentation:         ${server.address}/docs\n`);
      process.stdout.write(`${server.address}\n`);
      return server;
    });
  } catch (error) {
    process.stderr.write(`octoplane: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
