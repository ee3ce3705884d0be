import { stayAlive } from "@octoplane/shared/lifecycle";
import { processIo } from "./io.ts";
import { run } from "./run.ts";

const release = stayAlive();
process.exitCode = await run(process.argv.slice(2), processIo());
release();
