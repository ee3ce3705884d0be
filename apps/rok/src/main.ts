import { processIo } from "./output.ts";
import { run } from "./run.ts";

// Timers of ours never keep a process alive; a command that waits for a server that is away must
// not end for that.
const keepAlive = setInterval(() => undefined, 60_000);
process.exitCode = await run(process.argv.slice(2), processIo());
clearInterval(keepAlive);
