import type { Draft, KindClient, KindLike, Ref } from "@octoplane/client/client";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { readInput } from "@octoplane/kinds/read-input";
import { invalid, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { refOf } from "../commands/resource.ts";
import { usageError } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { readManifestFiles } from "../input/manifest-files.ts";
import { ObjectResults, resultOf } from "../output/object-results.ts";
import { checkDocuments, type OctoplaneDocument } from "./octoplane-document.ts";
import { isEntry, isSameValue } from "./same-value.ts";
import type { Session } from "../session.ts";

export interface ApplyFlags {
  readonly file: readonly string[];
  readonly recursive?: boolean;
  readonly dryRun?: boolean;
}

/** `rok apply`: makes objects be what files say. */
export async function applyFiles({ options, session }: Call<ApplyFlags>): Promise<number> {
  const { recursive = false } = options;
  const documents = await readOctoplaneFiles(session, options.file, "whole", { recursive });
  const results = new ObjectResults(session, options);
  const client = await session.client();
  for (const document of documents) {
    try {
      const ref = await refOfDocument(session, document);
      const objects = client.of<KindLike>(document.kind);
      const result = await applyOne(objects, { ref, document, dryRun: options.dryRun === true });
      results.add(resultOf(result, document, ref.namespace));
    } catch (error) {
      if (isFailure(error, "Unavailable", "Unauthenticated")) throw error;
      results.fail(error, document.place);
    }
  }
  return await results.print();
}

export interface OctoplaneFilesWish {
  /** The kind of documents which do not say what they are. */
  readonly usual?: AnyKind;
  /** Folders with all that lies below them. */
  readonly recursive?: boolean;
}

/** Reads and checks every document before anything is sent; one error with every problem. */
export async function readOctoplaneFiles(
  session: Session,
  files: readonly string[],
  depth: "whole" | "identity",
  { usual, recursive = false }: OctoplaneFilesWish = {},
): Promise<readonly OctoplaneDocument[]> {
  const note = (text: string): void => session.note(text);
  const read = await readManifestFiles(files, session.io, note, { what: "objects", recursive });
  const typed = usual
    ? read.documents.map((document) => ({ kind: usual.kind, ...document }))
    : read.documents;
  const { documents, problems } = checkDocuments({ ...read, documents: typed }, depth);
  const named = session.namedNamespace;
  const foreign = documents.flatMap(({ place, namespace }) =>
    named === undefined || namespace === undefined || namespace === named
      ? []
      : [{ field: place, message: `is of namespace ${namespace}, not of --namespace ${named}` }],
  );
  if (problems.length + foreign.length > 0) throw invalid([...problems, ...foreign]);
  return documents;
}

export async function refOfDocument(
  session: Session,
  { kind, name, namespace }: OctoplaneDocument,
): Promise<Ref> {
  return kind.namespaced && namespace !== undefined
    ? { name, namespace }
    : await refOf(session, kind, name);
}

async function applyOne(
  objects: KindClient<AnyResource>,
  {
    ref,
    document,
    dryRun,
  }: { readonly ref: Ref; readonly document: OctoplaneDocument; readonly dryRun: boolean },
): Promise<"created" | "changed" | "unchanged"> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const current = await currentOf(objects, ref);
      if (!current) {
        await objects.create(newObject(document), ref.namespace, { dryRun });
        return "created";
      }
      const wanted = wantedObject(document, current);
      if (isSameValue(withoutServersOwn(wanted), withoutServersOwn(current))) return "unchanged";
      await objects.update(wanted, { dryRun });
      return "changed";
    } catch (error) {
      // What differs only in credentials, which nobody is shown, the server alone can compare.
      if (isFailure(error, "NoChange")) return "unchanged";
      const isLost = isFailure(error, "Conflict", "AlreadyExists");
      if (!isLost || attempt >= limits.rokUpdateRetriesMax) throw error;
    }
  }
}

async function currentOf(
  objects: KindClient<AnyResource>,
  ref: Ref,
): Promise<AnyResource | undefined> {
  try {
    return await objects.get(ref);
  } catch (error) {
    if (isFailure(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Server's own fields of an object that was read once are of no meaning for another one. */
function newObject({ kind, document }: OctoplaneDocument): Draft {
  const { status: _status, ...rest } = document;
  return { ...rest, metadata: ownMetadata(kind, document) } as unknown as Draft;
}

/**
 * The object with what the file says: what it leaves out of the specification gets its default, but
 * what it leaves out of the metadata (labels, owners) stays.
 */
function wantedObject({ kind, document }: OctoplaneDocument, current: AnyResource): AnyResource {
  const input = readInput(kind, document);
  const fields = Object.fromEntries(
    Object.keys(kind.fields)
      .filter((name) => input[name] !== undefined)
      .map((name) => [name, input[name]]),
  );
  const metadata = { ...current.metadata, ...ownMetadata(kind, document) };
  return { ...current, ...fields, metadata };
}

const writable = ["labels", "inherit_labels", "finalizers", "owners"] as const;

function ownMetadata(
  kind: AnyKind,
  { metadata }: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (!isEntry(metadata)) throw usageError(`expected metadata in this ${kind.kind}`);
  const named = writable.filter((field) => metadata[field] !== undefined);
  return {
    name: metadata["name"],
    ...Object.fromEntries(named.map((field) => [field, metadata[field]])),
  };
}

function withoutServersOwn({ status: _status, ...rest }: AnyResource): object {
  return rest;
}
