import { posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { failure } from "@octoplane/shared/errors";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { isEntry, told, type Entry } from "./entry.ts";
import { isRemote, readImports, typeSections } from "./template-imports.ts";
import { readZip, type ZipEntries } from "./zip-entries.ts";

/**
 * Archives of templates: CSAR (TOSCA Simple Profile in YAML 1.3, section 6). The template is the one that
 * `TOSCA-Metadata/TOSCA.meta` names in `Entry-Definitions`, or else the only YAML file at the root.
 */

/**
 * The template of an archive, with the types of the files that it imports from there put into it: it means the same without the
 * archive. `Invalid`, `Unparsable` or `TooLarge`; `source` names the archive in errors. Nothing is written to disk.
 */
export async function readCsar(bytes: Uint8Array, source: string): Promise<Entry> {
  const archive: Archive = { source, zip: await readZip(bytes, source) };
  const path = await entryPath(archive);
  const template = await definitionsAt(archive, path);
  const types = new Map<string, Record<string, unknown>>();
  const remote = new Set<string>();
  const seen = new Set([path]);
  const queue = [{ path, content: template }];
  for (const { path: at, content } of queue) {
    for (const [section, declared] of typeSections(content)) {
      addTypes(types, { section, declared, place: `${source}: ${at}` });
    }
    const { imports, problems } = readImports(content);
    const [problem] = problems;
    if (problem) throw refused(source, `${at}: ${problem.path}: ${problem.message}`);
    for (const { file } of imports) {
      if (isRemote(file)) remote.add(file);
      else {
        const next = posix.normalize(posix.join(posix.dirname(at), file));
        if (seen.has(next)) continue;
        seen.add(next);
        queue.push({ path: next, content: await definitionsAt(archive, next, at) });
      }
    }
  }
  const { imports: _imports, ...rest } = template;
  return {
    ...rest,
    ...(remote.size === 0 ? {} : { imports: [...remote] }),
    ...Object.fromEntries(types),
  };
}

interface Archive {
  readonly source: string;
  readonly zip: ZipEntries;
}

const metaPath = "TOSCA-Metadata/TOSCA.meta";

async function entryPath({ source, zip }: Archive): Promise<string> {
  const meta = await zip.text(metaPath);
  // Trimmed by hand: an expression that did so as well would try every blank of a long line.
  const named = meta && /^Entry-Definitions:(.*)$/m.exec(meta)?.[1]?.trim();
  if (named) return posix.normalize(named);
  const roots = zip.names.filter((name) => /^[^/]+\.ya?ml$/i.test(name));
  const [root, ...others] = roots;
  if (root !== undefined && others.length === 0) return root;
  const found = root === undefined ? "no YAML file" : `${roots.length} YAML files`;
  throw refused(
    source,
    `expected ${metaPath} with Entry-Definitions; there is ${found} at its root`,
  );
}

async function definitionsAt(
  { source, zip }: Archive,
  path: string,
  importer?: string,
): Promise<Entry> {
  const text = await zip.text(path);
  if (text === undefined) {
    const who = importer === undefined ? "Entry-Definitions names" : `${importer} imports`;
    throw refused(source, `${who} ${told(path)}, which is not in the archive`);
  }
  const content = readDocument(text, `${source}: ${path}`);
  if (isEntry(content)) return content;
  throw refused(source, `${path}: expected definitions of TOSCA`);
}

/** A type that two files declare differently has no meaning. */
function addTypes(
  types: Map<string, Record<string, unknown>>,
  found: { readonly section: string; readonly declared: Entry; readonly place: string },
): void {
  const { section, declared, place } = found;
  const known = types.get(section) ?? {};
  for (const [name, type] of Object.entries(declared)) {
    if (Object.hasOwn(known, name) && !isDeepStrictEqual(known[name], type)) {
      throw refused(place, `${section}.${told(name)} is declared twice, differently`);
    }
    Object.defineProperty(known, name, { value: type, enumerable: true, configurable: true });
  }
  types.set(section, known);
}

function refused(source: string, message: string): Error {
  return failure("Invalid", `${source}: ${message}`);
}
