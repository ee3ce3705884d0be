import type { AnyKind } from "@octoplane/kinds/kind";
import type { Revision, RevisionRecord } from "@octoplane/kinds/revision";
import { limits } from "@octoplane/shared/limits";
import type { Store, Write } from "@octoplane/store/store";
import { revisionKey, revisionPrefix } from "./keys.ts";
import { deflate, inflate } from "./deflated-record.ts";
import type { ObjectRecord, Stored } from "./record.ts";

/**
 * The last specifications of an object, each written down in the commit that replaces it: a ring of records, deflated because
 * manifests are large and alike. They belong to the uid and go with the object.
 */

/** What is written beside the record that takes the place of this one. */
export function revisionWrites(
  kind: AnyKind,
  replaced: Stored<ObjectRecord>,
  next: ObjectRecord,
): readonly Write[] {
  const { uid, generation, modified: since } = replaced.record.metadata;
  if (kind.keepsRevisions !== true || next.metadata.generation === generation) return [];
  const fields = replaced.deflated ?? deflate(JSON.stringify(replaced.record.fields));
  // One that would not fit into a commit beside its successor is not kept.
  if (fields.length > limits.revisionCharsMax) return [];
  const record: RevisionRecord = { generation, since, fields };
  const key = revisionKey(uid, generation % limits.revisionsMax);
  return [{ key, value: Buffer.from(JSON.stringify(record)) }];
}

/** For the end of an object. */
export function revisionRemovals(
  kind: AnyKind,
  { metadata: { uid, generation } }: ObjectRecord,
): readonly Write[] {
  if (kind.keepsRevisions !== true) return [];
  const count = Math.min(generation - 1, limits.revisionsMax);
  return Array.from({ length: count }, (_, index) => ({
    key: revisionKey(uid, (generation - 1 - index) % limits.revisionsMax),
    remove: true,
  }));
}

/** Newest first. */
export async function readRevisions(store: Store, uid: string): Promise<readonly Revision[]> {
  const { entries } = await store.list(revisionPrefix(uid));
  const revisions = entries.flatMap(({ value }) => parseRevision(value) ?? []);
  return revisions.toSorted((a, b) => b.generation - a.generation);
}

/** A record that cannot be read is left out: the others still tell what they know. */
function parseRevision(value: Uint8Array): Revision | undefined {
  try {
    const { fields, ...rest } = JSON.parse(Buffer.from(value).toString("utf8")) as RevisionRecord;
    return { ...rest, fields: inflate(fields) as Revision["fields"] };
  } catch {
    return undefined;
  }
}
