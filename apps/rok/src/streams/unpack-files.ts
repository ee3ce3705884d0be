import { chmod, lstat, mkdir, open, rename, rm, stat, symlink, utimes } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Random } from "@octoplane/shared/random";
import { readTar, type TarEntry, type TarMember } from "@octoplane/shared/tar-archive";
import { fileProblem } from "../input/file-problem.ts";

/** An archive of somebody else's, written to this machine: nothing outside of one place is touched, whatever the archive says. */

export interface UnpackOptions {
  /** What the archive calls the file or folder that is copied; `.` for what is in a folder. */
  readonly name: string;
  /** What it is called here. It may be a folder that is there already. */
  readonly target: string;
  readonly random: Random;
  /** What is left out, and why. */
  readonly onLeftOut: (path: string, why: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes file by file, each whole or not at all; links and the times of folders come last. `Invalid` for a path that leads out of the
 * target, and for an archive without the name. What was begun is removed when it fails, unless it was there before.
 */
export async function unpackFiles(
  archive: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<{ readonly files: number }> {
  const wasThere = (await lstatOf(options.target)) !== undefined;
  const unpacking: Unpacking = { options, folders: new Map(), links: [], files: 0, found: false };
  try {
    for await (const member of readTar(archive)) {
      options.signal?.throwIfAborted();
      await unpackMember(unpacking, member);
    }
    if (!unpacking.found) throw failure("NotFound", `nothing came of ${options.name}`);
    await finish(unpacking);
    return { files: unpacking.files };
  } catch (error) {
    if (!wasThere) await rm(options.target, { recursive: true, force: true });
    throw error;
  }
}

interface Unpacking {
  readonly options: UnpackOptions;
  /** By path; what they are to be like in the end. */
  readonly folders: Map<string, TarEntry | undefined>;
  readonly links: { readonly path: string; readonly entry: TarEntry }[];
  files: number;
  found: boolean;
}

async function unpackMember(unpacking: Unpacking, { entry, content }: TarMember): Promise<void> {
  const { options, links } = unpacking;
  const below = pathBelow(entry.path, options.name);
  if (below === undefined) return;
  unpacking.found = true;
  const path = below === "" ? options.target : join(options.target, ...below.split("/"));
  try {
    switch (entry.type) {
      case "directory":
        return await makeFolder(unpacking, path, entry);
      case "file":
        return await writeFile(unpacking, path, { entry, content });
      case "symlink": {
        const why = linkProblem(below, entry.target);
        if (why === undefined) links.push({ path, entry });
        else options.onLeftOut(entry.path, why);
        return;
      }
      default:
        options.onLeftOut(entry.path, "it is a device, a pipe or a second name of a file");
    }
  } catch (error) {
    if (isFailure(error) || options.signal?.aborted) throw error;
    throw failure("Invalid", `${path} cannot be written: ${fileProblem(error)}`);
  }
}

/**
 * The path of an entry below what is copied, empty for that itself; `undefined` for what is beside it. `Invalid` for one that could
 * lead anywhere else. Pure.
 */
export function pathBelow(path: string, name: string): string | undefined {
  const parts = path
    .split("/")
    .filter((part, index) => part !== "." && (part !== "" || index === 0));
  const isOutside = parts[0] === "" || parts.includes("..") || path.includes("\0");
  if (isOutside) {
    throw failure(
      "Invalid",
      `the archive has the path ${JSON.stringify(path)}, which leads out of it`,
    );
  }
  if (parts.length > limits.copyDepthMax) {
    throw failure("Invalid", `the archive has a path of ${parts.length} folders`);
  }
  if (name === ".") return parts.join("/");
  return parts[0] === name ? parts.slice(1).join("/") : undefined;
}

/**
 * Why a link does not come along. Only steps up at its beginning are taken: behind another link, a step up leads elsewhere. Pure.
 */
export function linkProblem(below: string, target: string): string | undefined {
  const steps = target.split("/").filter((step) => step !== "" && step !== ".");
  const named = steps.findIndex((step) => step !== "..");
  const ups = named < 0 ? steps.length : named;
  const depth = below === "" ? 0 : below.split("/").length - 1;
  const staysInside =
    below !== "" && !target.startsWith("/") && target !== "" && !steps.slice(ups).includes("..");
  return staysInside && ups <= depth ? undefined : "it is a link that leads elsewhere";
}

/** Makes a folder and those above it up to the target, none of which may be a link. */
async function makeFolder(
  { options, folders }: Unpacking,
  path: string,
  entry?: TarEntry,
): Promise<void> {
  const missing: string[] = [];
  for (let at = path; !folders.has(at); at = dirname(at)) {
    missing.unshift(at);
    if (at === options.target) break;
  }
  for (const folder of missing) {
    const found = await lstatOf(folder);
    if (found && !found.isDirectory()) {
      throw failure("Invalid", `${folder} is there already, and no folder`);
    }
    if (!found) await mkdir(folder);
    folders.set(folder, undefined);
  }
  if (entry) folders.set(path, entry);
}

async function writeFile(
  unpacking: Unpacking,
  path: string,
  { entry, content }: TarMember,
): Promise<void> {
  const { target, random, signal } = unpacking.options;
  if (path !== target) await makeFolder(unpacking, dirname(path));
  const found = await lstatOf(path);
  if (found?.isDirectory() === true) {
    throw failure("Invalid", `${path} is there already, and a folder`);
  }
  const fresh = join(dirname(path), `.${basename(path).slice(0, 100)}.${random.uuid()}`);
  try {
    await using file = await open(fresh, "wx", 0o600);
    await file.writeFile(content, signal ? { signal } : {});
    await file.utimes(entry.modified, entry.modified);
    await file.chmod(entry.mode & 0o777);
    await file.close();
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  unpacking.files += 1;
}

async function finish({ folders, links, options }: Unpacking): Promise<void> {
  for (const { path, entry } of links) {
    await makeFolder({ folders, links, options, files: 0, found: true }, dirname(path));
    const found = await lstatOf(path);
    if (found?.isDirectory() === true) {
      options.onLeftOut(entry.path, "a folder is there already");
      continue;
    }
    if (found) await rm(path);
    await symlink(entry.target, path);
  }
  // Those inside first: a folder may be closed for writing, and what is made in it changes its time.
  for (const [path, entry] of [...folders].toReversed()) {
    if (!entry) continue;
    await utimes(path, entry.modified, entry.modified);
    await chmod(path, entry.mode & 0o777);
  }
}

/** Of the path itself, if it is a link. */
async function lstatOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as { readonly code?: string }).code === "ENOENT") return undefined;
    throw failure("Invalid", `${path} cannot be looked at: ${fileProblem(error)}`);
  }
}

/** Where something of this name goes that is copied to a path: into a folder that is there. */
export async function targetFor(path: string, name: string): Promise<string> {
  // The user's own link to a folder is good enough; only those of an archive are not.
  const found = await stat(path).catch(() => undefined);
  const isInto = path.endsWith("/") || found?.isDirectory() === true;
  return resolve(isInto && name !== "." ? join(path, name) : path);
}
