import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { failure, isFailure } from "@octoplane/shared/errors";
import { readDocuments } from "@octoplane/shared/manifest-yaml";
import { fileProblem } from "./file-problem.ts";
import type { Io } from "../io.ts";

export interface ManifestFiles {
  readonly documents: readonly Readonly<Record<string, unknown>>[];
  /** Where each document starts: `app.yaml:12`. */
  readonly places: readonly string[];
}

/** `overrides` have neither a version nor a kind. */
type What = "manifests" | "objects" | "overrides";

/**
 * Reads files, folders (their .yaml, .yml and .json files by name, not those below) and `-`, each
 * by itself and in order. What a folder holds beside is named, so that nothing is left out in
 * silence. Objects of Octoplane also come as a list, as `-o json` and `-o yaml` print them.
 * `Invalid` or `Unparsable` with the place.
 */
export async function readManifestFiles(
  paths: readonly string[],
  io: Io,
  note: (text: string) => void,
  what: What = "manifests",
): Promise<ManifestFiles> {
  const documents: Readonly<Record<string, unknown>>[] = [];
  const places: string[] = [];
  for (const path of paths) {
    for (const source of await sourcesAt(path, io, note)) {
      const read = readDocuments(source.text, source.name);
      for (const [index, document] of read.documents.entries()) {
        const place = `${source.name}:${read.lines[index]}`;
        const found = recordsOf(document, place, what);
        documents.push(...found);
        places.push(...found.map(() => place));
      }
    }
  }
  if (paths.length > 0 && documents.length === 0) {
    throw failure("Invalid", `${paths.join(", ")}: expected ${what}, found no document`);
  }
  return { documents, places };
}

function recordsOf(
  document: unknown,
  place: string,
  what: What,
): readonly Readonly<Record<string, unknown>>[] {
  const all: readonly unknown[] =
    what === "objects" && Array.isArray(document) ? document : [document];
  const records = all.filter(isRecord);
  if (records.length === all.length) return records;
  const field = what === "objects" ? "api" : "apiVersion";
  const fields = what === "overrides" ? "the fields of an override" : `${field} and kind`;
  throw failure("Invalid", `${place}: expected an object with ${fields}`);
}

/** An error that names `spec.manifest[3]` names the file and the line as well. */
export function withPlaces(error: unknown, places: readonly string[]): unknown {
  if (!isFailure(error, "Invalid")) return error;
  const fields = error.fields.map(({ field, message }) => {
    const place = places[Number(/^spec\.manifest\[(\d+)\]/.exec(field)?.[1])];
    return { field: place === undefined ? field : `${place}: ${field}`, message };
  });
  return failure("Invalid", error.message, { fields });
}

interface Source {
  readonly name: string;
  readonly text: string;
}

async function sourcesAt(
  path: string,
  io: Io,
  note: (text: string) => void,
): Promise<readonly Source[]> {
  if (path === "-") return [{ name: "standard input", text: await io.readInput() }];
  const file = resolve(io.cwd, path);
  try {
    if (!(await stat(file)).isDirectory()) return [await sourceOf(path, file)];
    const entries = await readdir(file, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const isManifest = (entry: (typeof entries)[number]): boolean =>
      !entry.isDirectory() && /\.(?:ya?ml|json)$/i.test(entry.name);
    for (const entry of entries) {
      if (!isManifest(entry)) note(`rok: left out ${join(path, entry.name)}`);
    }
    return await Promise.all(
      entries.filter(isManifest).map(({ name }) => sourceOf(join(path, name), join(file, name))),
    );
  } catch (error) {
    throw failure("Invalid", `${path} cannot be read: ${fileProblem(error)}`);
  }
}

async function sourceOf(name: string, file: string): Promise<Source> {
  return { name, text: await readFile(file, "utf8") };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
