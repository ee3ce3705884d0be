import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { openStore } from "@octoplane/store/open";

/**
 * Commits until it is killed, and prints a line `key revision` for each commit that was
 * acknowledged.
 */

const [directory = "", run = ""] = process.argv.slice(2);
const store = await openStore(`lmdb://${directory}`, {}, { clock: systemClock, log: silentLog });
const writers = Array.from({ length: 32 }, async (_, writer) => {
  for (let step = 0; ; step += 1) {
    const key = `/load/${run}/${writer}/${step}`;
    const writes = [
      { key, value: Buffer.from(key.padEnd(500, ".")) },
      { key: `/newest/${writer}`, value: Buffer.from(key) },
    ];
    const revision = await store.commit([{ key, revision: 0n }], writes);
    // Not `writeSync`: on a pipe that its busy reader has let fill up, that throws EAGAIN.
    process.stdout.write(`${key} ${revision}\n`);
  }
});
await Promise.all(writers);
