import { createReadStream } from "node:fs";
import { glob, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { fetchText, isAddress, tellableAddress } from "./fetched-text.ts";
import { fileProblem } from "./file-problem.ts";
import { isZip, utf8Text, wholeBytes } from "./whole-text.ts";
import type { Io } from "../io.ts";

/** A text, and what it is called in errors. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

export interface SourceWish {
  readonly io: Io;
  /** Gets a line for each thing that is left out. */
  readonly note: (text: string) => void;
  /** Folders with all that lies below them. */
  readonly recursive: boolean;
}

/**
 * What a path of the command line stands for: `-`, an http(s) address, a file, a folder (its .yaml,
 * .yml and .json files by name), or a pattern with `*`, `?`, `[` or `**` for such, in the order of
 * their names. A path that exists is never a pattern. `Invalid` with the path.
 */
export async function sourcesAt(path: string, wish: SourceWish): Promise<readonly Source[]> {
  const { io } = wish;
  if (path === "-") return [{ name: "standard input", text: await io.readInput() }];
  if (isAddress(path)) return [{ name: tellableAddress(path), text: await fetchText(path, io) }];
  const names = await filesAt(path, wish);
  if (names.length > limits.rokFilesMax) {
    throw failure("TooLarge", `${path}: more than ${limits.rokFilesMax} files`);
  }
  const sources: Source[] = [];
  for (const name of names) sources.push(await sourceOf(name, io.cwd));
  return sources;
}

async function filesAt(path: string, wish: SourceWish): Promise<readonly string[]> {
  const { cwd } = wish.io;
  try {
    return await filesOf(path, wish);
  } catch (error) {
    if (isFailure(error)) throw error;
    const isMissing = (error as { readonly code?: unknown }).code === "ENOENT";
    if (!isMissing || !/[*?[]/.test(path)) {
      throw failure("Invalid", `${path} cannot be read: ${fileProblem(error)}`);
    }
  }
  const matches: string[] = [];
  for await (const match of glob(path, { cwd })) matches.push(match);
  if (matches.length === 0) throw failure("Invalid", `${path}: no file is called like that`);
  const files: string[] = [];
  for (const match of matches.toSorted(byName)) files.push(...(await filesOf(match, wish)));
  // A pattern such as `**` names a folder and its files: each file is read once.
  return [...new Set(files)];
}

async function filesOf(path: string, wish: SourceWish): Promise<readonly string[]> {
  const isFolder = (await stat(resolve(wish.io.cwd, path))).isDirectory();
  return isFolder ? await filesIn(path, wish) : [path];
}

/** Links to folders are not followed: they may lead in a circle. */
async function filesIn(folder: string, wish: SourceWish): Promise<readonly string[]> {
  const entries = await readdir(resolve(wish.io.cwd, folder), { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.toSorted((a, b) => byName(a.name, b.name))) {
    const path = join(folder, entry.name);
    const below = entry.isDirectory() && wish.recursive;
    if (below) files.push(...(await filesIn(path, wish)));
    else if (!entry.isDirectory() && /\.(?:ya?ml|json)$/i.test(entry.name)) files.push(path);
    else wish.note(`rok: left out ${path}${hintFor(entry.name, entry.isDirectory())}`);
  }
  return files;
}

function hintFor(name: string, isFolder: boolean): string {
  if (isFolder) return " (a folder)";
  return /\.(?:zip|csar)$/i.test(name) ? " (an archive)" : "";
}

async function sourceOf(name: string, cwd: string): Promise<Source> {
  try {
    const bytes = await wholeBytes(name, createReadStream(resolve(cwd, name)));
    return { name, text: isZip(bytes) ? await templateText(name, bytes) : utf8Text(name, bytes) };
  } catch (error) {
    if (isFailure(error)) throw error;
    throw failure("Invalid", `${name} cannot be read: ${fileProblem(error)}`);
  }
}

/** An archive stands for the TOSCA template in it, with the types that it brings along. */
async function templateText(name: string, bytes: Uint8Array): Promise<string> {
  // Few commands read an archive; the others do not wait for what reads it.
  const { readCsar } = await import("@octoplane/tosca/csar");
  return JSON.stringify(await readCsar(bytes, name));
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
