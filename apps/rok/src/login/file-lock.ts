import { link, readFile, rm, writeFile } from "node:fs/promises";
import { pause, type Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { systemRandom } from "@octoplane/shared/random";

/**
 * Runs while no other process on this machine runs under the same lock: a file that is made with its content in one step
 * (a hard link), so that nobody ever sees half of it. One that a crash left behind is taken away when it is old, by whoever
 * has the right to just that one: else a slow process could take away the lock of somebody who came meanwhile.
 * `Unavailable` when it cannot be had.
 */
export async function withFileLock<T>(
  path: string,
  clock: Clock,
  run: () => Promise<T>,
): Promise<T> {
  const id = systemRandom.uuid();
  const end = clock.monotonic() + 2 * limits.loginLockStaleMs;
  while (!(await take(path, id, clock))) {
    if (clock.monotonic() > end) throw failure("Unavailable", `${path} is held by another process`);
    await removeStale(path, id, clock);
    await pause(clock, limits.loginLockRetryMs);
  }
  try {
    return await run();
  } finally {
    if ((await read(path))?.id === id) await rm(path, { force: true });
  }
}

interface Held {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

async function take(path: string, id: string, clock: Clock): Promise<boolean> {
  const made = `${path}.${id}`;
  await writeFile(made, JSON.stringify({ id, at: clock.now() }), { mode: 0o600 });
  try {
    await link(made, path);
    return true;
  } catch (error) {
    if ((error as { readonly code?: string }).code === "EEXIST") return false;
    throw failure("Unavailable", `${path} cannot be made`, { cause: error });
  } finally {
    await rm(made, { force: true });
  }
}

async function removeStale(path: string, id: string, clock: Clock): Promise<void> {
  const held = await read(path);
  if (!held || !isStale(held, clock)) return;
  const right = `${path}.${held.id}.old`;
  if (!(await take(right, id, clock))) {
    // Who had the right crashed as well; the next try takes it.
    const other = await read(right);
    if (other && isStale(other, clock)) await rm(right, { force: true });
    return;
  }
  try {
    if ((await read(path))?.id === held.id) await rm(path, { force: true });
  } finally {
    await rm(right, { force: true });
  }
}

function isStale({ at }: Held, clock: Clock): boolean {
  return clock.now() - at >= limits.loginLockStaleMs;
}

/** What is no lock of ours counts as one of long ago. */
async function read(path: string): Promise<Held | undefined> {
  try {
    const { id, at } = JSON.parse(await readFile(path, "utf8")) as Partial<Held>;
    // It becomes part of a path.
    const isOurs = typeof id === "string" && /^[\w-]+$/.test(id);
    return { id: isOurs ? id : "", at: typeof at === "number" ? at : 0 };
  } catch (error) {
    return error instanceof SyntaxError ? { id: "", at: 0 } : undefined;
  }
}
