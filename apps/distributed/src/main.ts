import { Type } from "typebox";
import { flagsOf, readSettings } from "@octoplane/process/settings";
import { messageOf } from "@octoplane/shared/errors";
import { runUntilSignal } from "@octoplane/shared/lifecycle";
import { start, type DistributedConfig } from "./start.ts";

/** `npm run start:distributed`: one process of each app over etcd, as they run in production, on this machine. */
const schema = Type.Object(
  {
    store: Type.String({
      default: "etcd://127.0.0.1:2379",
      description: "etcd://host:port,host:port",
    }),
    listen: Type.String({ default: "127.0.0.1:8080", description: "address and port of the API" }),
    data_dir: Type.String({ default: "./data", description: "where the keys and the token are" }),
    log_level: Type.String({ default: "warn", description: "debug, info, warn, error or silent" }),
  },
  { additionalProperties: false },
);

const args = process.argv.slice(2);
if (args.includes("--help")) {
  process.stdout.write("npm run start:distributed -- [flags]\n");
  for (const { flag, text } of flagsOf(schema))
    process.stdout.write(`  ${flag.padEnd(20)}${text}\n`);
} else {
  try {
    const config = await readSettings<DistributedConfig>(schema, args);
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
