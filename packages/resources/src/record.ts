import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import type { Metadata, ResourceRef } from "@octoplane/kinds/metadata";
import { redactedSecret } from "@octoplane/kinds/redacted-secret";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Entry } from "@octoplane/store/store";
import type { Part } from "./keys.ts";
import { bulkOf, charsOf, deflate, type PlainRecord } from "./deflated-record.ts";
import { migrateRecord, newestVersion } from "./schema-version.ts";
import { mapSecrets } from "./secret-fields.ts";

/**
 * The two records of a resource and their join. What is derived (state, reason, owners through a placement,
 * resource version) is made here at every read and never stored.
 */

/** Metadata as it is stored: without what the join adds. */
export type StoredMetadata = Omit<Metadata, "resource_version">;

export interface ObjectRecord {
  readonly metadata: StoredMetadata;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface StatusRecord {
  readonly uid: string;
  readonly status: Readonly<Record<string, unknown>>;
}

/** One half as it was read, with the revision that guards the next write. */
export interface Stored<T> {
  readonly record: T;
  readonly revision: bigint;
  /** Its bulk as it stands in the store, where it is large; and about how many characters it has by itself. */
  readonly deflated?: string;
  readonly chars?: number;
}

/** Always of the newest form, whatever the record was read from. */
export function encodeRecord(record: ObjectRecord | StatusRecord): Uint8Array {
  const name = "fields" in record ? bulkOf.object : bulkOf.status;
  const { [name]: value, ...rest }: PlainRecord = { ...record };
  const head = JSON.stringify({ v: newestVersion, ...rest }).slice(0, -1);
  const bulk = JSON.stringify(value);
  const isLarge = bulk.length > limits.plainRecordCharsMax;
  const tail = isLarge ? `"deflated":"${deflate(bulk)}"` : `"${name}":${bulk}`;
  return Buffer.from(`${head},${tail}}`);
}

/** Brought to the newest form. `Internal` when the bytes are no record that this program knows. */
export function decodeObject(entry: Entry): Stored<ObjectRecord> {
  return decode<ObjectRecord>(entry, "object");
}

/** Brought to the newest form. `Internal` when the bytes are no record that this program knows. */
export function decodeStatus(entry: Entry): Stored<StatusRecord> {
  return decode<StatusRecord>(entry, "status");
}

/** The bulk of a record as it stands in the store, where it is deflated; what else there is, is not read. */
export function deflatedOf({ value }: Entry): string | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (!bytes.includes('"deflated":')) return undefined;
  const { deflated } = JSON.parse(bytes.toString("utf8")) as { readonly deflated?: string };
  return deflated;
}

const fieldsOf = { object: ["metadata", "fields"], status: ["status"] } as const;

function decode<T>(entry: Entry, part: Part): Stored<T> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(entry.value).toString("utf8"));
  } catch {
    // The parser's message quotes what it read, which may be a credential.
    throw failure("Internal", `${entry.key} is not JSON`);
  }
  if (typeof value !== "object" || value === null) {
    throw failure("Internal", `${entry.key} is no record`);
  }
  const record = migrateRecord(part, value as PlainRecord);
  if (typeof record === "string") throw failure("Internal", `${entry.key} ${record}`);
  for (const name of fieldsOf[part]) {
    if (typeof record[name] === "object" && record[name] !== null) continue;
    throw failure("Internal", `${entry.key} is a record without ${name}`);
  }
  const { deflated } = value as { readonly deflated?: string };
  return {
    record: record as T,
    revision: entry.revision,
    ...(deflated === undefined ? {} : { deflated, chars: charsOf(record) }),
  };
}

/** The resource as everyone above sees it: joined, derived, with its credentials redacted. */
export function join(
  kind: AnyKind,
  object: Stored<ObjectRecord>,
  status: Stored<StatusRecord> | undefined,
): AnyResource {
  const { metadata, fields } = object.record;
  const plain: AnyResource = {
    api: kind.api,
    kind: kind.kind,
    metadata: {
      ...metadata,
      owners: [...metadata.owners, ...placementOwners(status?.record.status, metadata.owners)],
      resource_version: versionText(object.revision, status?.revision),
    },
    ...fields,
    ...(kind.status === undefined ? {} : { status: status?.record.status ?? {} }),
  };
  const derived =
    kind.derive === undefined || status === undefined
      ? plain
      : { ...plain, status: { ...plain.status, ...kind.derive(plain) } };
  return mapSecrets(derived, kind.secrets, () => redactedSecret);
}

/**
 * A placement makes its cluster, cloud or project an owner: what it is bound to, and wherever a copy belongs or still stands. Owners of
 * this kind come and go with the status and are not stored with the object.
 */
export function placementOwners(
  status: Readonly<Record<string, unknown>> | undefined,
  stored: readonly ResourceRef[] = [],
): readonly ResourceRef[] {
  const on = (field: string) =>
    (status?.[field] ?? []) as readonly { readonly cluster: ResourceRef }[];
  const clusters = [...on("places"), ...on("copies")].map(({ cluster }) => cluster);
  const bound = status?.["scheduled_to"] as ResourceRef | null | undefined;
  const project = status?.["project"] as ResourceRef | null | undefined;
  const owners: ResourceRef[] = [];
  for (const ref of [bound, project].filter((one) => !!one).concat(clusters)) {
    if (![...stored, ...owners].some((owner) => sameRef(owner, ref))) owners.push(ref);
  }
  return owners;
}

/** The resource with another status, as the join would give it. */
export function withStatus(
  kind: AnyKind,
  current: AnyResource,
  written: { readonly status: Readonly<Record<string, unknown>>; readonly revision: bigint },
): AnyResource {
  const before = placementOwners(current.status);
  const owners = current.metadata.owners.filter(
    (owner) => !before.some((ref) => sameRef(ref, owner)),
  );
  const version = parseVersion(current.metadata.resource_version);
  const metadata: Metadata = {
    ...current.metadata,
    owners: [...owners, ...placementOwners(written.status, owners)],
    resource_version: versionText(version?.object ?? 0n, written.revision),
  };
  const plain = { ...current, metadata, status: written.status };
  return kind.derive === undefined
    ? plain
    : { ...plain, status: { ...written.status, ...kind.derive(plain) } };
}

/** The parts of a body or a resource that the object record holds beside metadata. */
export function pickFields(
  kind: AnyKind,
  from: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const names = Object.keys(kind.fields).filter((name) => from[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

/** A status without what every read derives again. */
export function withoutDerived(
  kind: AnyKind,
  status: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (kind.derive === undefined) return status;
  const { state: _state, reason: _reason, ...stored } = status;
  return stored;
}

export function sameRef(a: ResourceRef, b: ResourceRef): boolean {
  return a.api === b.api && a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

/** `<revision of the object>` or `<revision of the object>.<revision of its status>`: opaque to clients. */
function versionText(object: bigint, status: bigint | undefined): string {
  return status === undefined ? String(object) : `${object}.${status}`;
}

export function parseVersion(
  text: string,
): { readonly object: bigint; readonly status: bigint | undefined } | undefined {
  const match = /^(\d{1,19})(?:\.(\d{1,19}))?~?$/.exec(text);
  if (!match) return undefined;
  return {
    object: BigInt(match[1]!),
    status: match[2] === undefined ? undefined : BigInt(match[2]),
  };
}

/** The revision of the status half of a resource; 0n when it has none. */
export function statusRevision({ metadata }: AnyResource): bigint {
  return parseVersion(metadata.resource_version)?.status ?? 0n;
}

/** The version of an object of which a client was shown a part only: it guards, and no whole object comes back with it. */
export function summaryVersion(version: string): string {
  return `${version}~`;
}

export function isSummaryVersion(version: string): boolean {
  return version.endsWith("~");
}

/** Nobody changes what a cache holds. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
