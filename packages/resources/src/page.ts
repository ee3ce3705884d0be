import type { AnyKind } from "@octoplane/kinds/kind";
import { invalid } from "@octoplane/shared/errors";
import type { Entry, Revision } from "@octoplane/store/store";
import { parsePartKey, refText } from "./keys.ts";
import {
  decodeObject,
  decodeStatus,
  type ObjectRecord,
  type StatusRecord,
  type Stored,
} from "./record.ts";
import type { Sealer } from "./sealer.ts";

/** Pages of a list: pairs of records, and the token that leads to the next page. */

export interface RecordPair {
  readonly object: Stored<ObjectRecord>;
  readonly status: Stored<StatusRecord> | undefined;
}

/** The entries of one resource, side by side in the store. */
export interface EntryPair {
  readonly object: Entry;
  readonly status: Entry | undefined;
}

/** Joins neighbours; a half whose other half lies on the next page is left to that page. `last` is the key after which to go on. */
export function pairEntries(
  kind: AnyKind,
  entries: readonly Entry[],
): { readonly pairs: readonly EntryPair[]; readonly last: string | undefined } {
  const pairs: EntryPair[] = [];
  let last: string | undefined;
  let open: { readonly name: string; readonly entry: Entry } | undefined;
  for (const entry of entries) {
    const parsed = parsePartKey(kind, entry.key);
    const name = parsed && refText(parsed.ref);
    if (parsed?.part === "object" && kind.status !== undefined) {
      if (open) last = open.entry.key;
      open = { name: name!, entry };
      continue;
    }
    if (parsed?.part === "object") pairs.push({ object: entry, status: undefined });
    else if (open && open.name === name) pairs.push({ object: open.entry, status: entry });
    open = undefined;
    last = entry.key;
  }
  return { pairs, last };
}

/**
 * The records of pairs of entries. One that cannot be read is reported and left out: a broken record must not hide all the
 * others.
 */
export function decodePairs(
  pairs: readonly EntryPair[],
  onBroken: (error: unknown) => void,
): readonly RecordPair[] {
  return pairs.flatMap(({ object, status }) => {
    try {
      return [{ object: decodeObject(object), status: status && decodeStatus(status) }];
    } catch (error) {
      onBroken(error);
      return [];
    }
  });
}

/** Sealed, because it names an object that the one who asked may not be allowed to see. */
export function writePageToken(
  sealer: Sealer,
  prefix: string,
  place: { readonly at: Revision; readonly after: string },
): string {
  const text = JSON.stringify([String(place.at), place.after]);
  return Buffer.from(sealer.seal(text, prefix)).toString("base64url");
}

/** `Invalid` when the token is not one of this list. */
export function readPageToken(
  sealer: Sealer,
  prefix: string,
  token: string,
): { readonly at: Revision; readonly after: string } {
  try {
    const text = sealer.open(Buffer.from(token, "base64url").toString(), prefix);
    const [revision, after] = JSON.parse(text) as readonly [string, string];
    return { at: BigInt(revision), after };
  } catch {
    const message = "expected the token of a previous page of this list";
    throw invalid([{ field: "continue", message }]);
  }
}
