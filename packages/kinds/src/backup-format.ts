import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { failure } from "@octoplane/shared/errors";

/**
 * A backup as a text of lines, each of them JSON (application/x-ndjson): a header; for each object its record, that of its
 * status, its decisions, its events and its revisions, one below the other; a trailer that counts them and says what all bytes before it
 * come to. Without its trailer a backup is broken, whatever the reason. What the server and the command line both know of it.
 */
export const backupFormat = "octoplane-backup";
export const backupVersion = 1;

const HeaderSchema = Type.Object({
  format: Type.Literal(backupFormat),
  version: Type.Integer(),
  schema_version: Type.Integer({ description: "of the newest records" }),
  revision: Type.String({ description: "of the store, at which all of it is true" }),
  created: Type.String(),
  sealing_keys: Type.Array(Type.String(), { description: "ids of the keys, never the keys" }),
  kinds: Type.Array(Type.String(), { description: "api/kind, in the order of the lines" }),
});
export type BackupHeader = Static<typeof HeaderSchema>;

const TrailerSchema = Type.Object({
  trailer: Type.Object({
    records: Type.Integer(),
    unreadable: Type.Integer(),
    sha256: Type.String({ description: "of all bytes before this line, in hex" }),
  }),
});
export type BackupTrailer = Static<typeof TrailerSchema>["trailer"];

const RecordSchema = Type.Object({
  key: Type.String(),
  record: Type.Record(Type.String(), Type.Unknown()),
});
export type BackupRecord = Static<typeof RecordSchema>;

const UnreadableSchema = Type.Object({ unreadable: Type.String() });

const ErrorSchema = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String() }),
});

/** What one line says. */
export type BackupLine =
  | { readonly is: "header"; readonly header: BackupHeader }
  | { readonly is: "record"; readonly entry: BackupRecord }
  /** The key of a record that is damaged in the store that was backed up, and therefore not in here. */
  | { readonly is: "unreadable"; readonly key: string }
  /** The server could not go on. */
  | { readonly is: "error"; readonly code: string; readonly message: string }
  | { readonly is: "trailer"; readonly trailer: BackupTrailer };

const isHeader = Compile(HeaderSchema);
const isTrailer = Compile(TrailerSchema);
const isRecord = Compile(RecordSchema);
const isUnreadable = Compile(UnreadableSchema);
const isError = Compile(ErrorSchema);

/** `Invalid` for what is no line of a backup, and for a backup of a version that this program does not know. */
export function readBackupLine(text: string): BackupLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes what it read, which may be half of a credential.
    throw failure("Invalid", "expected JSON");
  }
  if (isRecord.Check(value)) return { is: "record", entry: value };
  if (isTrailer.Check(value)) return { is: "trailer", trailer: value.trailer };
  if (isUnreadable.Check(value)) return { is: "unreadable", key: value.unreadable };
  if (isError.Check(value)) return { is: "error", ...value.error };
  if (isHeader.Check(value)) {
    if (value.version === backupVersion) return { is: "header", header: value };
    const message = `expected version ${backupVersion} of the format, found ${value.version}`;
    throw failure("Invalid", message);
  }
  throw failure("Invalid", "expected a line of a backup");
}
