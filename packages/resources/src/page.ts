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

/** Pages of a list: pairs of records, and the token that leads to the next page. */

export interface RecordPair {
  readonly object: Stored<ObjectRecord>;
  readonly status: Stored<StatusRecord> | undefined;
}

/** Joins neighbours; a half whose other half lies on the next page is left to that page. */
export function pairUp(
  kind: AnyKind,
  entries: readonly Entry[],
): { readonly pairs: readonly RecordPair[]; readonly last: string | undefined } {
  const pairs: RecordPair[] = [];
  let last: string | undefined;
  let open: { readonly name: string; readonly entry: Entry } | undefined;
  for (const entry of entries) {
    const parsed = parsePartKey(kind, entry.key);
    if (!parsed) continue;
    const name = refText(parsed.ref);
    if (parsed.part === "object" && kind.status === undefined) {
      pairs.push({ object: decodeObject(entry), status: undefined });
      last = entry.key;
    } else if (parsed.part === "object") {
      open = { name, entry };
    } else if (open?.name === name) {
      pairs.push({ object: decodeObject(open.entry), status: decodeStatus(entry) });
      last = entry.key;
    }
  }
  return { pairs, last };
}

export function writePageToken(revision: Revision, after: string): string {
  return Buffer.from(JSON.stringify([String(revision), after])).toString("base64url");
}

/** `Invalid` when the token is not one of this list. */
export function readPageToken(
  token: string,
  prefix: string,
): { readonly at: Revision; readonly after: string } {
  try {
    const [revision, after] = JSON.parse(Buffer.from(token, "base64url").toString()) as unknown[];
    if (typeof revision === "string" && /^\d{1,19}$/.test(revision) && typeof after === "string") {
      if (after.startsWith(prefix)) return { at: BigInt(revision), after };
    }
  } catch {
    // Falls through to the one message for all that is not a token.
  }
  throw invalid([
    { field: "continue", message: "expected the token of a previous page of this list" },
  ]);
}
