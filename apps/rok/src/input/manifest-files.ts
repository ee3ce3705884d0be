import { failure, isFailure } from "@octoplane/shared/errors";
import { readDocuments, type ReadDocuments } from "@octoplane/shared/manifest-yaml";
import { isAddress, tellableAddress } from "./fetched-text.ts";
import { sourcesAt, type Source } from "./file-sources.ts";
import type { Io } from "../io.ts";

export interface ManifestFiles {
  readonly documents: readonly Readonly<Record<string, unknown>>[];
  /** Where each document starts: `app.yaml:12`. */
  readonly places: readonly string[];
}

/** `overrides` have neither a version nor a kind. */
type What = "manifests" | "objects" | "overrides";

export interface ReadWish {
  /** What the documents are; left out: manifests. */
  readonly what?: What;
  /** Folders with all that lies below them. */
  readonly recursive?: boolean;
}

/**
 * Reads files, folders (their .yaml, .yml and .json files by name; those below too when that is
 * wished for), patterns of names, http(s) addresses and `-`, each by itself and in order. What a
 * folder holds beside is named, so that nothing is left out in silence. Objects of Octoplane also
 * come as a list, as `-o json` and `-o yaml` print them. `Invalid` or `Unparsable` with the place.
 */
export async function readManifestFiles(
  paths: readonly string[],
  io: Io,
  note: (text: string) => void,
  { what = "manifests", recursive = false }: ReadWish = {},
): Promise<ManifestFiles> {
  const sources: Source[] = [];
  for (const path of paths) sources.push(...(await sourcesAt(path, { io, note, recursive })));
  const read = readSources(sources, what);
  if (paths.length > 0 && read.documents.length === 0) {
    const told = paths.map((path) => (isAddress(path) ? tellableAddress(path) : path));
    throw failure("Invalid", `${told.join(", ")}: expected ${what}, found no document`);
  }
  return read;
}

/** The documents of texts, each read by itself. `Invalid` or `Unparsable` with the place. */
export function readSources(sources: readonly Source[], what: What = "manifests"): ManifestFiles {
  const documents: Readonly<Record<string, unknown>>[] = [];
  const places: string[] = [];
  for (const source of sources) {
    const read = readSource(source);
    for (const [index, document] of read.documents.entries()) {
      const place = `${source.name}:${read.lines[index]}`;
      const found = recordsOf(document, place, what);
      documents.push(...found);
      places.push(...found.map(() => place));
    }
  }
  return { documents, places };
}

/** What a Helm template says between its braces; other text with braces is no reason for a hint. */
const templateAction =
  /\{\{-?\s*(?:\.[A-Z]|\/\*|\$|(?:if|else|end|range|with|define|include|template|toYaml|default|quote|tpl)\b)/;

function readSource({ name, text }: Source): ReadDocuments {
  try {
    return readDocuments(text, name);
  } catch (error) {
    if (!isFailure(error, "Unparsable") || !templateAction.test(text)) throw error;
    const hint = "this is a template of a Helm chart: give the chart's folder with --chart";
    throw failure("Unparsable", `${error.message} (${hint})`, { fields: error.fields });
  }
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
