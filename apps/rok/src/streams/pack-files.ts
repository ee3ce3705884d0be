import { createReadStream, type Stats } from "node:fs";
import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { tarEnd, tarHeader, tarPadding, type TarEntry } from "@octoplane/shared/tar-archive";
import { fileProblem } from "../input/file-problem.ts";

/** Files of this machine as an archive, piece by piece. */

export interface PackOptions {
  /** The file or folder; a link stands for what it leads to. */
  readonly path: string;
  /** What the archive calls it. */
  readonly name: string;
  readonly onLeftOut: (path: string, why: string) => void;
}

/** Entries in the order of their names. `Invalid` for what cannot be read, or becomes shorter meanwhile. */
export async function* packFiles({ path, name, onLeftOut }: PackOptions): AsyncGenerator<Buffer> {
  const found = await looked(path, () => stat(path));
  const count = { bytes: 0 };
  for await (const chunk of packEntry({ path, name, found, depth: 0, onLeftOut })) {
    count.bytes += chunk.length;
    yield chunk;
  }
  // Whole records of twenty blocks are what a tar reads at once: it has all when the input does not end.
  const record = 20 * 512;
  const rest = record - ((count.bytes + tarEnd.length) % record || record);
  yield Buffer.concat([tarEnd, Buffer.alloc(rest)]);
}

interface Packing {
  readonly path: string;
  readonly name: string;
  readonly found: Stats;
  readonly depth: number;
  readonly onLeftOut: PackOptions["onLeftOut"];
}

async function* packEntry(packing: Packing): AsyncGenerator<Buffer> {
  const { path, name, found } = packing;
  const common = { mode: found.mode & 0o7777, modified: found.mtimeMs / 1_000, target: "" };
  if (found.isDirectory()) {
    yield tarHeader({ ...common, path: `${name}/`, type: "directory", size: 0 });
    yield* packFolder(packing);
  } else if (found.isFile()) {
    yield* packFile(path, { ...common, path: name, type: "file", size: found.size });
  } else if (found.isSymbolicLink()) {
    const target = await looked(path, () => readlink(path));
    yield tarHeader({ ...common, path: name, type: "symlink", size: 0, target });
  } else {
    packing.onLeftOut(path, "it is a device, a pipe or a socket");
  }
}

async function* packFolder({ path, name, depth, onLeftOut }: Packing): AsyncGenerator<Buffer> {
  if (depth >= limits.copyDepthMax) {
    throw failure("Invalid", `${path}: there are more than ${depth} folders below each other`);
  }
  const names = (await looked(path, () => readdir(path))).toSorted();
  for (const own of names) {
    const below = join(path, own);
    const found = await looked(below, () => lstat(below));
    yield* packEntry({ path: below, name: `${name}/${own}`, found, depth: depth + 1, onLeftOut });
  }
}

/** As much as it was when it was looked at: a log may grow meanwhile. */
async function* packFile(path: string, entry: TarEntry): AsyncGenerator<Buffer> {
  yield tarHeader(entry);
  let left = entry.size;
  if (left > 0) {
    const file = createReadStream(path, { end: entry.size - 1 });
    try {
      for await (const chunk of file) {
        left -= (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    } catch (error) {
      throw unreadable(path, error);
    }
  }
  if (left > 0) throw failure("Invalid", `${path} became shorter while it was copied`);
  const padding = tarPadding(entry.size);
  if (padding.length > 0) yield padding;
}

async function looked<T>(path: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Error {
  return failure("Invalid", `${path} cannot be read: ${fileProblem(error)}`);
}
