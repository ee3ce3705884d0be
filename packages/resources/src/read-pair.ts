import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Store } from "@octoplane/store/store";
import { partKey, type Ref } from "./keys.ts";
import type { EntryPair, RecordPair } from "./page.ts";
import { decodeObject, decodeStatus, deflatedOf } from "./record.ts";

/** The two records of one object, from the store and, where they were read already, from memory. */

/** An object that is in memory, with the records that it was made of. */
export interface Recalled {
  readonly resource: AnyResource;
  readonly records: RecordPair;
}

export interface PairSources {
  readonly kind: AnyKind;
  readonly store: Store;
  /** An object that is in memory at just the revisions of these entries: it need not be fetched or read again. */
  readonly recall: (entries: EntryPair) => Recalled | undefined;
}

/** `undefined` when it is not there. */
export async function fetchEntries(
  { kind, store }: PairSources,
  ref: Ref,
): Promise<EntryPair | undefined> {
  const [object, status] = await Promise.all([
    store.get(partKey(kind, ref, "object")),
    kind.status === undefined ? undefined : store.get(partKey(kind, ref, "status")),
  ]);
  if (!object || (kind.status !== undefined && !status)) return undefined;
  return { object, status };
}

/** The two reads may straddle a deletion and a new creation; the halves of two lives are never joined. */
export async function readEntries(
  sources: PairSources,
  ref: Ref,
  first: EntryPair,
): Promise<RecordPair | undefined> {
  let entries: EntryPair | undefined = first;
  for (let attempt = 0; entries && attempt <= limits.conflictRetriesMax; attempt += 1) {
    const pair = recordsOf(sources, entries);
    const { uid } = pair.object.record.metadata;
    if (!pair.status || pair.status.record.uid === uid) return pair;
    entries = await fetchEntries(sources, ref);
  }
  if (!entries) return undefined;
  throw failure(
    "Internal",
    `the records of ${sources.kind.kind} ${ref.name} do not belong together`,
  );
}

function recordsOf({ recall }: PairSources, entries: EntryPair): RecordPair {
  const { object, status } = entries;
  const known = recall(entries)?.records;
  if (known === undefined) {
    return { object: decodeObject(object), status: status && decodeStatus(status) };
  }
  const deflated = deflatedOf(object);
  return deflated === undefined ? known : { ...known, object: { ...known.object, deflated } };
}
