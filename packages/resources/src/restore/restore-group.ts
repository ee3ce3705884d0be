import type { BackupRecord } from "@octoplane/kinds/backup-format";
import { DecisionSchema } from "@octoplane/kinds/decision";
import { EventSchema } from "@octoplane/kinds/event";
import type { AnyKind } from "@octoplane/kinds/kind";
import { isName } from "@octoplane/kinds/metadata";
import { readAs } from "@octoplane/kinds/read-input";
import { RevisionRecordSchema } from "@octoplane/kinds/revision";
import { kinds } from "@octoplane/kinds/registry";
import { isFailure, type FieldProblem } from "@octoplane/shared/errors";
import type { Write } from "@octoplane/store/store";
import { parsePartKey, partKey, type Part, type Ref } from "../keys.ts";
import type { ObjectRecord, StatusRecord } from "../record.ts";
import { migrateRecord } from "../schema-version.ts";
import type { Sealer } from "../sealer.ts";
import { readRestoredObject, readRestoredStatus } from "./restored-record.ts";

/** One object of a backup with all that belongs to it: it is restored as a whole. */
export interface RestoreGroup {
  /** The place of the object's record among all records. */
  readonly index: number;
  readonly kind: AnyKind;
  readonly ref: Ref;
  readonly object: ObjectRecord;
  readonly status: StatusRecord | undefined;
  /** Its decisions, events and revisions, as they are written. */
  readonly beside: readonly (Write & { readonly value: Uint8Array })[];
}

/** What is wrong with one record; `field` is a path in it. */
export interface RecordProblem extends FieldProblem {
  readonly index: number;
}

interface OpenGroup {
  readonly index: number;
  readonly kind: AnyKind;
  readonly ref: Ref;
  /** Absent when the record was refused. */
  readonly object: ObjectRecord | undefined;
  status: StatusRecord | undefined;
  readonly beside: (Write & { readonly value: Uint8Array })[];
}

/**
 * Takes the lines of a backup together again, object by object, and checks every one of them: that it is of a form and kind
 * that this program knows, that it says what its key says, that the parts of an object belong to one life, that its sealed
 * texts open. Nothing of a doctored file gets further than here. Reads no store.
 */
export function readGroups(
  records: readonly BackupRecord[],
  sealer: Sealer,
): { readonly groups: readonly RestoreGroup[]; readonly problems: readonly RecordProblem[] } {
  const problems: RecordProblem[] = [];
  const groups: OpenGroup[] = [];
  const keys = new Set<string>();
  for (const [index, record] of records.entries()) {
    const found = keys.has(record.key)
      ? [{ field: "key", message: "stands here twice" }]
      : takeIn(groups, { index, record, sealer });
    keys.add(record.key);
    problems.push(...found.map((problem) => ({ index, ...problem })));
  }
  for (const { index, kind, object, status } of groups) {
    if (!object || kind.status === undefined || status) continue;
    problems.push({ index, field: "key", message: "the record of its status is missing" });
  }
  return { groups: groups.flatMap((group) => wholeOf(group) ?? []), problems };
}

function wholeOf(group: OpenGroup): RestoreGroup | undefined {
  const { object, ...rest } = group;
  return object && { ...rest, object };
}

interface Incoming {
  readonly index: number;
  readonly record: BackupRecord;
  readonly sealer: Sealer;
}

/** Puts one record where it belongs; gives what is wrong with it. */
function takeIn(groups: OpenGroup[], incoming: Incoming): readonly FieldProblem[] {
  const { index, record, sealer } = incoming;
  const place = placeOf(record.key);
  if (!place) return takeBeside(groups.at(-1), record);
  const { kind, ref, part } = place;
  const plain = migrateRecord(part, record.record);
  if (typeof plain === "string") return [{ field: "record", message: plain }];
  if (part === "object") {
    const read = readRestoredObject(kind, ref, plain, sealer);
    const object = "problems" in read ? undefined : read.object;
    groups.push({ index, kind, ref, object, status: undefined, beside: [] });
    return "problems" in read ? read.problems : [];
  }
  const group = groups.at(-1);
  if (!group || partKey(group.kind, group.ref, "object") !== partKey(kind, ref, "object")) {
    return [{ field: "key", message: "expected right behind the record of its object" }];
  }
  if (kind.status === undefined) {
    return [{ field: "key", message: `a ${kind.kind} has no status` }];
  }
  const read = readRestoredStatus(kind, plain);
  if ("problems" in read) return read.problems;
  const { uid } = read.status;
  // What is wrong with its object has been told.
  if (group.object && group.object.metadata.uid !== uid) {
    const message = `expected the uid of its object, ${group.object.metadata.uid}, found ${uid}`;
    return [{ field: "record.uid", message }];
  }
  group.status = read.status;
  return [];
}

function placeOf(
  key: string,
): { readonly kind: AnyKind; readonly ref: Ref; readonly part: Part } | undefined {
  for (const kind of kinds) {
    const parsed = parsePartKey(kind, key);
    if (!parsed) continue;
    const { name, namespace } = parsed.ref;
    const isPlace = isName(name) && (namespace === undefined || isName(namespace));
    return isPlace ? { kind, ...parsed } : undefined;
  }
  return undefined;
}

const besideSchemas: Readonly<Record<string, Parameters<typeof readAs>[0]>> = {
  decisions: DecisionSchema,
  events: EventSchema,
  revisions: RevisionRecordSchema,
};

const besideKey = /^\/(decisions|events|revisions)\/([^/]+)\/\d{3}$/;

/** A decision, an event or a revision belongs to the life of the object that stands above it. */
function takeBeside(group: OpenGroup | undefined, entry: BackupRecord): readonly FieldProblem[] {
  const [, what = "", uid] = besideKey.exec(entry.key) ?? [];
  const schema = besideSchemas[what];
  if (uid === undefined || schema === undefined) {
    return [{ field: "key", message: `${entry.key} is of no kind that this program knows` }];
  }
  if (!group) {
    return [{ field: "key", message: "expected behind the record of its object" }];
  }
  if (group.object && group.object.metadata.uid !== uid) {
    const message = `expected the uid of the object above, ${group.object.metadata.uid}, found ${uid}`;
    return [{ field: "key", message }];
  }
  try {
    readAs(schema, entry.record, "record");
  } catch (error) {
    if (!isFailure(error, "Invalid")) throw error;
    return error.fields;
  }
  group.beside.push({ key: entry.key, value: Buffer.from(JSON.stringify(entry.record)) });
  return [];
}
