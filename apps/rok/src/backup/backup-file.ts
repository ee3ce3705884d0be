import { createReadStream } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { readLines } from "@octoplane/client/json-lines";
import { failure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** Where the lines of a backup go to and come from. */
export interface LineSink {
  write(line: string): Promise<void>;
  /** All lines are there and good. */
  keep(): Promise<void>;
  /** What was written is worth nothing. */
  discard(): Promise<void>;
}

/**
 * A file that appears under its name only when it is whole and on the disk; until then it stands beside it under another. For
 * its owner's eyes only: sealed credentials are safe, the rest is still everything that there is to know. `Invalid` when it
 * cannot be written.
 */
export async function openBackupFile(path: string): Promise<LineSink> {
  const partial = join(dirname(path), `.${basename(path)}.partial`);
  const file = await attempt(path, async () => {
    await rm(partial, { force: true });
    return await open(partial, "wx", 0o600);
  });
  let waiting: string[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    const text = waiting.join("");
    [waiting, length] = [[], 0];
    if (text !== "") await attempt(path, () => file.writeFile(text));
  };
  return {
    async write(line) {
      waiting.push(line, "\n");
      length += line.length;
      if (length >= writeChars) await flush();
    },
    async keep() {
      await flush();
      await attempt(path, async () => {
        await file.sync();
        await file.close();
        await rename(partial, path);
        await syncFolder(dirname(path));
      });
    },
    async discard() {
      await file.close().catch(() => undefined);
      await rm(partial, { force: true });
    },
  };
}

/** Characters that are written together. */
const writeChars = 64 * 1024;

async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(path, "r");
    await folder.sync();
  } finally {
    await folder?.close();
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failure("Invalid", `${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/** The lines of a file, as often as it is asked for. `Invalid` when it cannot be read. */
export async function* linesOfFile(path: string): AsyncGenerator<string, void, undefined> {
  try {
    if (!(await stat(path)).isFile()) {
      throw failure("Invalid", `${path} is no file; a backup is read more than once`);
    }
    const stream = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
    yield* readLines(stream, limits.clientLineCharsMax);
  } catch (error) {
    if ((error as { readonly syscall?: unknown }).syscall === undefined) throw error;
    throw failure("Invalid", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
