import type { AnyKind } from "@octoplane/kinds/kind";
import { MetadataSchema, type Metadata } from "@octoplane/kinds/metadata";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { isFailure, type FieldProblem } from "@octoplane/shared/errors";
import type { Ref } from "../keys.ts";
import type { ObjectRecord, StatusRecord } from "../record.ts";
import type { PlainRecord } from "../deflated-record.ts";
import { sealContext } from "../seal-fields.ts";
import type { Sealer } from "../sealer.ts";
import { mapSecrets } from "../secret-fields.ts";

/** The records of a backup, checked as bodies are: what a client may not send does not come in by this door either. */

type Problems = { readonly problems: readonly FieldProblem[] };

/** A record of an object in the newest form. Its credentials stay sealed, and are opened to see that they can be. */
export function readRestoredObject(
  kind: AnyKind,
  ref: Ref,
  record: PlainRecord,
  sealer: Sealer,
): { readonly object: ObjectRecord } | Problems {
  const unknown = unknownFields(record, ["metadata", "fields"]);
  if (unknown.length > 0) return { problems: unknown };
  const metadata = readMetadata(record["metadata"]);
  if ("problems" in metadata) return metadata;
  const problems = [
    ...differs("name", metadata.stored.name, ref.name),
    ...differs("namespace", metadata.stored.namespace, ref.namespace ?? null),
  ];
  const fields = record["fields"];
  if (!isPlain(fields)) {
    return { problems: [...problems, { field: "record.fields", message: "expected an object" }] };
  }
  const opened = openAll(kind, fields, { uid: metadata.stored.uid, sealer });
  problems.push(...opened.problems);
  if (problems.length > 0) return { problems };
  const { name, namespace, labels, inherit_labels, finalizers, owners } = metadata.stored;
  const body = { name, namespace, labels, inherit_labels, finalizers, owners };
  try {
    readInput(kind, { ...opened.fields, metadata: body });
  } catch (error) {
    return { problems: problemsOf(error).map(inRecord) };
  }
  return { object: { metadata: metadata.stored, fields } };
}

/** A record of a status in the newest form; state and reason are derived at every read and never stored. */
export function readRestoredStatus(
  kind: AnyKind,
  record: PlainRecord,
): { readonly status: StatusRecord } | Problems {
  const unknown = unknownFields(record, ["uid", "status"]);
  if (unknown.length > 0) return { problems: unknown };
  const { uid, status } = record;
  if (typeof uid !== "string" || uid === "") {
    return { problems: [{ field: "record.uid", message: "expected the uid of its object" }] };
  }
  if (!isPlain(status) || kind.status === undefined) {
    return { problems: [{ field: "record.status", message: "expected an object" }] };
  }
  try {
    readAs(kind.status, status, "record.status");
  } catch (error) {
    return { problems: problemsOf(error) };
  }
  return { status: { uid, status } };
}

function readMetadata(value: unknown): { readonly stored: ObjectRecord["metadata"] } | Problems {
  if (!isPlain(value)) {
    return { problems: [{ field: "record.metadata", message: "expected an object" }] };
  }
  if (Object.hasOwn(value, "resource_version")) {
    return { problems: [{ field: "record.metadata.resource_version", message: "unknown field" }] };
  }
  try {
    // What the join adds is not stored; the schema is that of the whole.
    const whole = { ...value, resource_version: "0" };
    const { resource_version: _version, ...stored } = readAs<Metadata>(
      MetadataSchema,
      whole,
      "record.metadata",
    );
    // It becomes a part of keys, and tells lives apart.
    if (/^[\w-]{1,64}$/.test(stored.uid)) return { stored };
    return { problems: [{ field: "record.metadata.uid", message: "expected a uid" }] };
  } catch (error) {
    return { problems: problemsOf(error) };
  }
}

function openAll(
  kind: AnyKind,
  fields: PlainRecord,
  { uid, sealer }: { readonly uid: string; readonly sealer: Sealer },
): { readonly fields: PlainRecord; readonly problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const opened = mapSecrets(fields, kind.secrets, (text, place) => {
    const field = `record.fields.${place}`;
    const keyId = /^sealed:v1:([^:]*):/.exec(text)?.[1];
    if (keyId === undefined) {
      problems.push({ field, message: "expected a sealed text" });
      return text;
    }
    if (!sealer.keyIds.includes(keyId)) {
      const here = sealer.keyIds.join(", ");
      const message = `sealed with the key ${keyId}, which this server does not have (it has ${here})`;
      problems.push({ field, message });
      return text;
    }
    try {
      return sealer.open(text, sealContext(uid, place));
    } catch (error) {
      if (!isFailure(error)) throw error;
      problems.push({ field, message: "does not open: it was changed, or moved from elsewhere" });
      return text;
    }
  });
  return { fields: opened, problems };
}

function differs(name: string, found: unknown, expected: unknown): FieldProblem[] {
  if (found === expected) return [];
  const message = `expected ${JSON.stringify(expected)}, as its key says, found ${JSON.stringify(found)}`;
  return [{ field: `record.metadata.${name}`, message }];
}

function unknownFields(record: PlainRecord, known: readonly string[]): readonly FieldProblem[] {
  return Object.keys(record)
    .filter((name) => !known.includes(name))
    .map((name) => ({ field: `record.${name}`, message: "unknown field" }));
}

/** A body has its fields beside its metadata, a record below `fields`. */
function inRecord({ field, message }: FieldProblem): FieldProblem {
  const isMetadata = field === "metadata" || field.startsWith("metadata.");
  return { field: isMetadata ? `record.${field}` : `record.fields.${field}`, message };
}

function problemsOf(error: unknown): readonly FieldProblem[] {
  if (!isFailure(error, "Invalid")) throw error;
  return error.fields;
}

function isPlain(value: unknown): value is PlainRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
