import { flagsOf, readSettings } from "@octoplane/process/settings";
import { messageOf } from "@octoplane/shared/errors";
import { runUntilSignal } from "@octoplane/shared/lifecycle";
import { DistributedConfigSchema, type DistributedConfig } from "./config.ts";
import { start } from "./start.ts";

/** `npm run start:distributed`: one process of each app over etcd, as they run in production, on this machine. */
const args = process.argv.slice(2);
if (args.includes("--help")) {
  process.stdout.write("npm run start:distributed -- [flags]\n");
  for (const { flag, text } of flagsOf(DistributedConfigSchema))
    process.stdout.write(`  ${flag.padEnd(24)}${text}\n`);
} else {
  try {
    const config = await readSettings<DistributedConfig>(DistributedConfigSchema, args);
    await runUntilSignal(async () => {
      const running = await start(config, (line) => void process.stdout.write(`${line}\n`));
      process.stdout.write(`${running.address}\n`);
      return running;
    });
  } catch (error) {
    process.stderr.write(`octoplane: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
