import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { failure, isFailure, messageOf } from "@octoplane/shared/errors";
import { readDocuments } from "@octoplane/shared/manifest-yaml";
import type { Io } from "./output.ts";

export interface ManifestFiles {
  readonly documents: readonly Readonly<Record<string, unknown>>[];
  /** Where each document starts: `app.yaml:12`. */
  readonly places: readonly string[];
}

/**
 * Reads files, folders (their .yaml, .yml and .json files by name, not those below) and `-`, each
 * by itself and in order. What a folder holds beside is named, so that nothing is left out in
 * silence. `Invalid` or `Unparsable` with the place.
 */
export async function readManifestFiles(
  paths: readonly string[],
  io: Io,
  note: (text: string) => void,
): Promise<ManifestFiles> {
  const documents: Readonly<Record<string, unknown>>[] = [];
  const places: string[] = [];
  for (const path of paths) {
    for (const source of await sourcesAt(path, io, note)) {
      const read = readDocuments(source.text, source.name);
      for (const [index, document] of read.documents.entries()) {
        const place = `${source.name}:${read.lines[index]}`;
        if (!isRecord(document)) {
          throw failure("Invalid", `${place}: expected an object with apiVersion and kind`);
        }
        documents.push(document);
        places.push(place);
      }
    }
  }
  if (paths.length > 0 && documents.length === 0) {
    throw failure("Invalid", `${paths.join(", ")}: expected manifests, found no document`);
  }
  return { documents, places };
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
    throw failure("Invalid", `${path} cannot be read: ${messageOf(error)}`);
  }
}

async function sourceOf(name: string, file: string): Promise<Source> {
  return { name, text: await readFile(file, "utf8") };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
