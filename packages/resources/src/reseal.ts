import type { AnyKind } from "@octoplane/kinds/kind";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { kinds } from "@octoplane/kinds/registry";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { Entry } from "@octoplane/store/store";
import { kindPrefix, parsePartKey, type Part } from "./keys.ts";
import { decodeObject, decodeStatus, encodeRecord } from "./record.ts";
import type { Parts } from "./repository.ts";
import { sealContext } from "./seal-fields.ts";
import { sealedKeyId, type Sealer } from "./sealer.ts";
import { mapSecrets } from "./secret-fields.ts";
import { secretsIn } from "./status-secrets.ts";

/** Which keys seal what is stored, and how all of it comes under the key in use. */

type SealParts = Pick<Parts, "store" | "sealer">;

/** How many records have a text that is sealed with a key, by the key's id. The keys of the ring are always there. */
export type KeyUse = Readonly<Record<string, number>>;

export interface ResealResult {
  readonly resealed: number;
  readonly unchanged: number;
  /** Afterwards. */
  readonly keys: KeyUse;
  /** Records with a text that does not open, or that cannot be read: they stay as they are. */
  readonly failed: number;
  /** The objects that these belong to, up to a bound. */
  readonly unopened: readonly ResourceRef[];
}

/** Counts every record with sealed texts, page by page. */
export async function countKeys(parts: SealParts, of: readonly AnyKind[] = kinds): Promise<KeyUse> {
  const tally = new Tally(parts.sealer.keyIds);
  for await (const { kind, entries } of sealedPages(parts, of)) {
    for (const entry of entries) {
      try {
        tally.count(recordOf(kind, entry)?.keyIds ?? []);
      } catch {
        // What cannot be read is sealed with no key that can be named; a reseal tells of it.
      }
    }
  }
  return tally.uses;
}

/**
 * Writes every record with sealed texts again that are not all under the key in use: the store's revision moves, nothing
 * else does, for nobody's specification has changed. A record that is written meanwhile is looked at again. `Conflict` when
 * others keep writing one of them.
 */
export async function reseal(
  parts: SealParts,
  of: readonly AnyKind[] = kinds,
): Promise<ResealResult> {
  const tally = new Tally(parts.sealer.keyIds);
  const turns = new Semaphore(limits.resealParallelMax);
  let [resealed, unchanged, failed] = [0, 0, 0];
  const unopened: ResourceRef[] = [];
  for await (const { kind, entries } of sealedPages(parts, of)) {
    const take = async (entry: Entry): Promise<void> => {
      const outcome = await resealEntry(parts, kind, entry);
      tally.count(outcome.keyIds);
      if (outcome.result === "resealed") resealed += 1;
      if (outcome.result === "unchanged") unchanged += 1;
      if (outcome.result !== "failed") return;
      failed += 1;
      const ref = refOfEntry(kind, entry);
      if (unopened.length < limits.unopenedNamesMax) unopened.push(ref);
    };
    await Promise.all(entries.map((entry) => turns.run(() => take(entry))));
  }
  return { resealed, unchanged, keys: tally.uses, failed, unopened };
}

class Tally {
  readonly #uses = new Map<string, number>();

  constructor(ids: readonly string[]) {
    for (const id of ids) this.#uses.set(id, 0);
  }

  get uses(): KeyUse {
    return Object.fromEntries(this.#uses);
  }

  count(ids: Iterable<string>): void {
    for (const id of ids) this.#uses.set(id, (this.#uses.get(id) ?? 0) + 1);
  }
}

interface Outcome {
  readonly result: "resealed" | "unchanged" | "failed" | "none";
  readonly keyIds: ReadonlySet<string>;
}

async function resealEntry(
  { store, sealer }: SealParts,
  kind: AnyKind,
  first: Entry,
): Promise<Outcome> {
  const none: Outcome = { result: "none", keyIds: new Set() };
  for (let attempt = 0, entry: Entry | undefined = first; entry; attempt += 1) {
    let record: SealedRecord | undefined;
    let value: Uint8Array | undefined;
    try {
      record = recordOf(kind, entry);
      if (!record) return none;
      value = record.rewritten((text, context) => resealedText(sealer, text, context));
    } catch {
      return { result: "failed", keyIds: record?.keyIds ?? new Set() };
    }
    if (value === undefined) return { result: "unchanged", keyIds: record.keyIds };
    try {
      await store.commit(
        [{ key: entry.key, revision: entry.revision }],
        [{ key: entry.key, value }],
      );
      return {
        result: "resealed",
        keyIds: recordOf(kind, { ...entry, value })?.keyIds ?? new Set(),
      };
    } catch (error) {
      if (!isFailure(error, "Conflict") || attempt >= limits.conflictRetriesMax) throw error;
      entry = await store.get(entry.key);
    }
  }
  return none;
}

function resealedText(sealer: Sealer, text: string, context: string): string {
  const id = sealedKeyId(text);
  if (id === sealer.keyIds[0]) return text;
  // What was stored before its field was declared a credential stands there readable.
  return sealer.seal(id === undefined ? text : sealer.open(text, context), context);
}

interface SealedRecord {
  readonly keyIds: ReadonlySet<string>;
  /** The bytes with every sealed text changed by the function; `undefined` when it changed none. */
  rewritten(change: (text: string, context: string) => string): Uint8Array | undefined;
}

/** A record with credentials; `undefined` for one without. `Internal` when it cannot be read. */
function recordOf(kind: AnyKind, entry: Entry): SealedRecord | undefined {
  const part = parsePartKey(kind, entry.key)?.part;
  if (part === undefined) return undefined;
  const paths = secretsIn(kind, part);
  if (paths.length === 0) return undefined;
  const { uid, value, encode } = bodyOf(part, entry);
  const keyIds = new Set<string>();
  let isSecret = false;
  mapSecrets(value, paths, (text) => {
    const id = sealedKeyId(text);
    if (id !== undefined) keyIds.add(id);
    isSecret = true;
    return text;
  });
  if (!isSecret) return undefined;
  return {
    keyIds,
    rewritten(change) {
      let isChanged = false;
      const next = mapSecrets(value, paths, (text, place) => {
        const changed = change(text, sealContext(uid, place));
        isChanged ||= changed !== text;
        return changed;
      });
      return isChanged ? encode(next) : undefined;
    },
  };
}

/** What of a record the paths of a kind lead into, and how it becomes a record again. */
function bodyOf(part: Part, entry: Entry) {
  type Body = Readonly<Record<string, unknown>>;
  if (part === "object") {
    const { record } = decodeObject(entry);
    const { uid } = record.metadata;
    const encode = (fields: Body): Uint8Array => encodeRecord({ ...record, fields });
    return { uid, value: { ...record.fields } as Body, encode };
  }
  const { record } = decodeStatus(entry);
  const encode = ({ status }: Body): Uint8Array =>
    encodeRecord({ ...record, status: status as Body });
  return { uid: record.uid, value: { status: record.status } as Body, encode };
}

function refOfEntry(kind: AnyKind, entry: Entry): ResourceRef {
  const { namespace, name } = parsePartKey(kind, entry.key)?.ref ?? { name: entry.key };
  return { api: kind.api, kind: kind.kind, namespace: namespace ?? null, name };
}

/** The records of every kind with credentials, a page of each at a time; each page is what is there when it is read. */
async function* sealedPages({ store }: SealParts, of: readonly AnyKind[]) {
  for (const kind of of.filter(({ secrets }) => secrets.length > 0)) {
    for (let after: string | undefined, more = true; more;) {
      const page = { limit: limits.pageEntriesMax, ...(after === undefined ? {} : { after }) };
      const { entries, more: isMore } = await store.list(kindPrefix(kind), page);
      yield { kind, entries };
      after = entries.at(-1)?.key;
      more = isMore && after !== undefined;
    }
  }
}
