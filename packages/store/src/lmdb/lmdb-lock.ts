import { linkSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { failure } from "@octoplane/shared/errors";

/**
 * One process per directory. The lock file names its holder; a holder that no longer lives does not
 * count. A process is recognised by its number, the boot of its machine and the moment it started,
 * because numbers are used again (in a container, nearly always the same one).
 */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly boot: string;
  readonly started: string;
}

/** Directories that this process holds: one process must not open a directory twice either. */
const held = new Set<string>();

/** Takes the lock of a directory that is there; throws `Unavailable` while another process holds it. */
export function lockDirectory(directory: string): Disposable {
  // By its one true name, lest a link or a relative path make two of it.
  const path = join(realpathSync(directory), "lock");
  if (held.has(path)) throw inUse(directory, "this process");
  const content = JSON.stringify(describeProcess(process.pid));
  // Containers that share a disk often have the same process numbers, but not the same names.
  const draft = join(directory, `lock.${hostname()}.${process.pid}`);
  writeFileSync(draft, content);
  try {
    while (!tryLink(draft, path)) removeStale(directory, path, draft);
  } finally {
    rmSync(draft, { force: true });
  }
  held.add(path);
  return {
    [Symbol.dispose]() {
      held.delete(path);
      if (readIfThere(path) === content) rmSync(path, { force: true });
    },
  };
}

/** A link is made whole or not at all, and never over another file. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isMissingOrThere(error, "EEXIST")) return false;
    throw error;
  }
}

/** Moves the lock of a dead holder out of the way; throws when the holder lives. */
function removeStale(directory: string, path: string, draft: string): void {
  const content = readIfThere(path);
  if (content === undefined) return;
  const holder = parseHolder(content);
  if (holder && isAlive(holder)) throw inUse(directory, `process ${holder.pid} on ${holder.host}`);
  const aside = `${draft}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isMissingOrThere(error, "ENOENT")) return;
    throw error;
  }
  // Between the look and the move another process may have taken the lock: then it gets it back.
  if (readIfThere(aside) !== content) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function isAlive(holder: Holder): boolean {
  const own = describeProcess(process.pid);
  // A holder of an earlier boot is dead. On another host it cannot be asked; a data directory
  // belongs to one host at a time, so it is taken to have moved.
  if (holder.host !== own.host || holder.boot !== own.boot) return false;
  // Where start times are unknown, our own number is a leftover: this process looks before it
  // locks.
  if (holder.pid === own.pid && own.started === "") return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (isMissingOrThere(error, "ESRCH")) return false;
  }
  return describeProcess(holder.pid).started === holder.started;
}

function describeProcess(pid: number): Holder {
  return {
    pid,
    host: hostname(),
    boot: readIfThere("/proc/sys/kernel/random/boot_id")?.trim() ?? "",
    started: startTime(readIfThere(`/proc/${pid}/stat`) ?? ""),
  };
}

/**
 * Field 22 of /proc/pid/stat, counted after the name in brackets, which may hold anything
 * (proc(5)).
 */
export function startTime(stat: string): string {
  return (
    stat
      .slice(stat.lastIndexOf(")") + 1)
      .trim()
      .split(" ")[19] ?? ""
  );
}

function parseHolder(content: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(content);
    const isHolder = typeof value === "object" && value !== null && "pid" in value;
    return isHolder ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissingOrThere(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

function isMissingOrThere(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

function inUse(directory: string, holder: string): Error {
  return failure("Unavailable", `the data directory ${directory} is in use by ${holder}`);
}
