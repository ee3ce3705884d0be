import { isDeepStrictEqual } from "node:util";
import type { AnyKind, AnyResource, FieldPath } from "@octoplane/kinds/kind";
import type { MetadataInput, ResourceRef } from "@octoplane/kinds/metadata";
import type { Input } from "@octoplane/kinds/read-input";
import { isoTime } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { parseVersion, sameRef, type ObjectRecord } from "./record.ts";
import { valueAt } from "./secret-fields.ts";

/** The rules of an update, as pure functions (contract section 1.4; design decisions 8 and 9). */

/** Added to every object that is marked for deletion; the garbage collector removes it when no dependent is left. */
export const cascadeFinalizer = "cascade_deletion";

/** What the writer believes to be changing. */
export interface Expectation {
  /** The ETag of an `If-Match` header, without its quotes. */
  readonly ifMatch?: string;
  /** The life that is meant: another object of the same name is not. */
  readonly uid?: string;
  /** The body holds everything (it was made of the stored object): what it leaves out is to go, our additions too. */
  readonly isWhole?: boolean;
}

/** What of the metadata of a body says which state it was made from. */
export type Guards = Pick<MetadataInput, "resource_version" | "modified">;

/**
 * Refuses a body that was read before the last change. A resource version (header or body) is held to the object's
 * half, because status writes are no conflict; without one, `modified` is, because that is what Krake's clients send
 * back; a body with neither wins.
 */
export function checkGuard(
  title: string,
  current: AnyResource,
  sent: Guards,
  expected: Expectation,
): void {
  for (const text of [expected.ifMatch, sent.resource_version]) {
    if (text === undefined || text === null || text === "*") continue;
    checkVersion(title, current, text);
    return;
  }
  const { modified } = sent;
  if (typeof modified !== "string") return;
  if (Date.parse(modified) !== Date.parse(current.metadata.modified)) {
    throw staleBody(title, current, `modified ${modified}`);
  }
}

/** `Conflict` when the object is not the one that is expected, or has changed since. */
export function checkExpected(title: string, current: AnyResource, expected: Expectation): void {
  const { uid } = current.metadata;
  if (expected.uid !== undefined && expected.uid !== uid) {
    throw failure("Conflict", `${title} has the uid ${uid} and not ${expected.uid}`);
  }
  checkVersion(title, current, expected.ifMatch);
}

/** `Conflict` when a resource version is given and the object has changed since; `*` is any. */
function checkVersion(title: string, current: AnyResource, text: string | undefined): void {
  if (text === undefined || text === "*") return;
  const now = parseVersion(current.metadata.resource_version);
  if (parseVersion(text)?.object !== now?.object) {
    throw staleBody(title, current, `resource version ${text}`);
  }
}

function staleBody(title: string, current: AnyResource, sent: string): Error {
  const { modified, resource_version: version } = current.metadata;
  return failure(
    "Conflict",
    `${title} was changed since it was read (sent: ${sent}; now: resource version ${version}, modified ${modified}); ` +
      `read it again and repeat the change`,
  );
}

/** The owners that were sent, and those that follow from the specification. Pure. */
export function withOwnOwners(
  kind: AnyKind,
  input: Input,
  namespace: string | null,
): readonly ResourceRef[] {
  const { owners } = input.metadata;
  if (kind.owners === undefined) return owners;
  const metadata = { ...input.metadata, namespace };
  const own = kind.owners({ ...input, metadata } as unknown as AnyResource);
  return [...owners, ...own.filter((ref) => !owners.some((owner) => sameRef(owner, ref)))];
}

/** The object record after a PUT, or the error that refuses it. */
export function replaced(
  kind: AnyKind,
  previous: ObjectRecord,
  body: {
    readonly input: Input;
    /** Sealed. */
    readonly fields: Readonly<Record<string, unknown>>;
    /** Owners through a placement: they come back in the body and are not stored. */
    readonly owned: readonly ResourceRef[];
    readonly now: number;
  },
): ObjectRecord {
  const before = previous.metadata;
  const sent = body.input.metadata;
  checkIdentity(previous, body.input);
  checkImmutable(kind, "fields", { before: previous.fields, after: body.fields });
  const named = withOwnOwners(kind, body.input, before.namespace);
  const owners = named.filter((owner) => !body.owned.some((ref) => sameRef(ref, owner)));
  const finalizers = nextFinalizers(kind, previous, sent.finalizers);
  const { labels, inherit_labels } = sent;
  const changed = !isDeepStrictEqual(body.fields, previous.fields);
  const same = isDeepStrictEqual(
    { labels, inherit_labels, owners, finalizers },
    {
      labels: before.labels,
      inherit_labels: before.inherit_labels,
      owners: before.owners,
      finalizers: before.finalizers,
    },
  );
  if (!changed && same) {
    throw failure("NoChange", `the body contained no update for ${kind.kind} ${before.name}`);
  }
  const metadata = {
    ...before,
    labels,
    inherit_labels,
    owners,
    finalizers,
    modified: isoTime(Math.max(body.now, Date.parse(before.modified) + 1)),
    generation: before.generation + (changed ? 1 : 0),
  };
  return { metadata, fields: body.fields };
}

function checkIdentity({ metadata }: ObjectRecord, { metadata: sent }: Input): void {
  const fields = [
    ["name", sent.name, metadata.name],
    ["namespace", sent.namespace ?? metadata.namespace, metadata.namespace],
  ] as const;
  for (const [name, value, stored] of fields) {
    if (value !== stored) throw cannotChange(["metadata", name], stored, value);
  }
}

/** `Immutable` when a status differs in what its kind declares to be fixed (contract section 1.4, "Status update"). */
export function checkImmutableStatus(
  kind: AnyKind,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): void {
  checkImmutable(kind, "status", { before: { status: before }, after: { status: after } });
}

function checkImmutable(
  kind: AnyKind,
  part: "fields" | "status",
  {
    before,
    after,
  }: {
    readonly before: Readonly<Record<string, unknown>>;
    readonly after: Readonly<Record<string, unknown>>;
  },
): void {
  for (const path of kind.immutable ?? []) {
    if ((path[0] === "status") !== (part === "status")) continue;
    const [stored, value] = [valueAt(before, path), valueAt(after, path)];
    if (!isDeepStrictEqual(stored, value)) throw cannotChange(path, stored, value);
  }
}

function cannotChange(path: FieldPath, stored: unknown, value: unknown): Error {
  const field = path.join(".");
  const text = `${field}: cannot be changed (from ${told(stored)} to ${told(value)})`;
  return failure("Immutable", text, { fields: [{ field, message: "cannot be changed" }] });
}

function told(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/**
 * While an object is being deleted, finalizers can only be removed. Before that, the ones that the server put there
 * stay whatever a body says: without them objects on clusters would be left behind.
 */
function nextFinalizers(
  kind: AnyKind,
  { metadata }: ObjectRecord,
  sent: readonly string[],
): readonly string[] & string[] {
  if (metadata.deleted === null) return withOwnFinalizers(kind, sent);
  const added = sent.filter((name) => !metadata.finalizers.includes(name));
  if (added.length > 0) {
    throw failure(
      "Terminating",
      `finalizers can only be removed while ${kind.kind} ${metadata.name} is being deleted (added: ${added.join(", ")})`,
    );
  }
  return [...sent];
}

/**
 * The finalizers of the kind itself are there, whatever was sent: behind the others, because the last one acts first.
 * Those that were sent keep their order, so that sending back what was read changes nothing.
 */
export function withOwnFinalizers(kind: AnyKind, sent: readonly string[]): string[] {
  return union(sent, kind.finalizers);
}

/** Krake's clients send back only what they know; what they left out of our additions stays as it is stored. */
export function keepAdditions(
  kind: AnyKind,
  sent: Readonly<Record<string, unknown>>,
  stored: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  let result = sent;
  for (const path of kind.additions) result = keepAt(result, stored, path);
  return result;
}

function keepAt(
  sent: Readonly<Record<string, unknown>>,
  stored: Readonly<Record<string, unknown>>,
  [head, ...rest]: readonly string[],
): Readonly<Record<string, unknown>> {
  if (head === undefined || !Object.hasOwn(stored, head)) return sent;
  if (rest.length === 0)
    return Object.hasOwn(sent, head) ? sent : { ...sent, [head]: stored[head] };
  const [inner, kept] = [sent[head], stored[head]];
  if (!isRecord(inner) || !isRecord(kept)) return sent;
  return { ...sent, [head]: keepAt(inner, kept, rest) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Both lists in order, each name once. */
export function union(first: readonly string[], second: readonly string[]): string[] {
  return [...new Set([...first, ...second])];
}
