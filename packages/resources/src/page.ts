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

/**
 * Joins neighbours; a half whose other half lies on the next page is left to that page. A record that cannot be read is
 * reported and left out: one broken record must not hide all the others. `last` is the key after which to go on.
 */
export function pairUp(
  kind: AnyKind,
  entries: readonly Entry[],
  onBroken: (error: unknown) => void,
): { readonly pairs: readonly RecordPair[]; readonly last: string | undefined } {
  const pairs: RecordPair[] = [];
  let last: string | undefined;
  let open: { readonly name: string; readonly entry: Entry } | undefined;
  const add = (object: Entry, status: Entry | undefined): void => {
    try {
      pairs.push({ object: decodeObject(object), status: status && decodeStatus(status) });
    } catch (error) {
      onBroken(error);
    }
  };
  for (const entry of entries) {
    const parsed = parsePartKey(kind, entry.key);
    const name = parsed && refText(parsed.ref);
    if (parsed?.part === "object" && kind.status !== undefined) {
      if (open) last = open.entry.key;
      open = { name: name!, entry };
      continue;
    }
    if (parsed?.part === "object") add(entry, undefined);
    else if (open && open.name === name) add(open.entry, entry);
    open = undefined;
    last = entry.key;
  }
  return { pairs, last };
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
