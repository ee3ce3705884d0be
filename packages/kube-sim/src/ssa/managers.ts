/** Who owns which fields of an object, read from and written to `metadata.managedFields`. */
import { isMap, type JsonMap } from "../json.ts";
import type { ManagedFieldsEntry } from "../sim-object.ts";
import {
  changedFields,
  difference,
  equalSets,
  fromFieldsV1,
  isEmptySet,
  removedFields,
  toFieldsV1,
  union,
  type FieldSet,
} from "./field-set.ts";
import type { FieldType } from "./field-type.ts";

/** Who writes, how, and when. */
export interface Identity {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
}

export interface Manager extends Identity {
  readonly fields: FieldSet;
}

/** Fields of the metadata that nobody owns: identity and what the server writes. */
const unownedMetadata = new Set([
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
  "selfLink",
]);

/**
 * The part of an object that can be owned through the main resource or through one of its
 * subresources.
 */
export function ownablePart(
  object: JsonMap | undefined,
  options: { readonly subresource: string; readonly hasStatus: boolean },
): JsonMap | undefined {
  if (object === undefined) return undefined;
  if (options.subresource === "status") {
    return object["status"] === undefined ? {} : { status: object["status"] };
  }
  const part: JsonMap = {};
  for (const [field, value] of Object.entries(object)) {
    if (field === "apiVersion" || field === "kind" || value === undefined) continue;
    if (field === "status" && options.hasStatus) continue;
    if (field !== "metadata") part[field] = value;
    else {
      const owned = Object.entries(value as JsonMap).filter(([name]) => !unownedMetadata.has(name));
      if (owned.length > 0) part["metadata"] = Object.fromEntries(owned);
    }
  }
  return part;
}

export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map((entry) => ({
    name: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    subresource: entry.subresource ?? "",
    time: entry.time,
    fields: fromFieldsV1(entry.fieldsV1),
  }));
}

/** The entries in the order of the API server: appliers first, then by time and name. */
export function writeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] {
  const kept = managers.filter((manager) => !isEmptySet(manager.fields));
  return kept.toSorted(compareManagers).map((manager) => ({
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    time: manager.time,
    fieldsType: "FieldsV1",
    fieldsV1: toFieldsV1(manager.fields),
    ...(manager.subresource === "" ? {} : { subresource: manager.subresource }),
  }));
}

function compareManagers(left: Manager, right: Manager): number {
  if (left.operation !== right.operation) return left.operation === "Apply" ? -1 : 1;
  if (left.time !== right.time) return left.time < right.time ? -1 : 1;
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}

/**
 * Whether two writers write the same part of an object: its status is apart from everything else.
 */
export function sharesScope(
  left: { readonly subresource: string },
  right: { readonly subresource: string },
): boolean {
  return (left.subresource === "status") === (right.subresource === "status");
}

export function isSameManager(left: Identity, right: Identity): boolean {
  return (
    left.name === right.name &&
    left.operation === right.operation &&
    left.subresource === right.subresource &&
    // An applier keeps its one entry over versions; an updater has one per version.
    (left.operation === "Apply" || left.apiVersion === right.apiVersion)
  );
}

/** What the types of built-in kinds always have, so that nobody owns it as a whole. */
const alwaysThere = new Set([
  "metadata",
  "spec",
  "status",
  "template",
  "jobTemplate",
  "strategy",
  "updateStrategy",
  "containers",
  "rules",
]);

/** The object before it was made. */
function blankOf(object: JsonMap): JsonMap {
  const there = Object.entries(object).filter(([field]) => alwaysThere.has(field));
  return Object.fromEntries(
    there.map(([field, value]) => [field, isMap(value) ? blankOf(value) : []]),
  );
}

/**
 * Ownership after an update (PUT, POST, every PATCH but apply): the writer owns what it changed,
 * everybody else loses these fields, and nobody owns what was taken away.
 */
export function managersAfterUpdate(
  managers: readonly Manager[],
  change: {
    readonly before: JsonMap | undefined;
    readonly after: JsonMap;
    readonly type: FieldType;
  },
  writer: Identity,
): Manager[] {
  const { before, after, type } = change;
  const old = before === undefined ? blankOf(after) : { metadata: {}, ...before };
  const changed = changedFields(old, after, type);
  const removed = removedFields(old, after, type);
  const others: Manager[] = [];
  let own: FieldSet = { ...changed, member: false };
  let time = writer.time;
  for (const manager of managers) {
    const isOther = !isSameManager(manager, writer);
    // Fields under another subresource are not part of what was written here.
    if (isOther && !sharesScope(manager, writer)) others.push(manager);
    else if (isOther) {
      const fields = difference(difference(manager.fields, changed), removed);
      others.push({ ...manager, fields });
    } else {
      own = union(difference(manager.fields, removed), own);
      if (equalSets(own, manager.fields)) time = manager.time;
    }
  }
  return [...others, { ...writer, time, fields: own }];
}
