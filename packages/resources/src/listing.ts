import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import type { Log } from "@octoplane/shared/log";
import type { Page, Revision, Store } from "@octoplane/store/store";
import { decodePairs, pairEntries, type EntryPair } from "./page.ts";
import { join } from "./record.ts";

/** Where a list comes from: the store, which says what there is, and what is in memory already. */
export interface ListSources {
  readonly kind: AnyKind;
  readonly store: Store;
  readonly log: Log;
  /** An object that is in memory at just these revisions. */
  readonly recall: (entries: EntryPair) => AnyResource | undefined;
}

export interface Listed<R> {
  readonly items: readonly R[];
  readonly revision: Revision;
  /** The key after which the next page begins. */
  readonly last: string | undefined;
  readonly more: boolean;
}

/**
 * What is listed is fetched by key and revision first: where every object is in memory at just that revision, no value need
 * travel or be read. Otherwise everything is fetched, at the same revision.
 */
export async function fetchListing<R extends AnyResource>(
  { kind, store, log, recall }: ListSources,
  prefix: string,
  page: Page,
): Promise<Listed<R>> {
  const keys = await store.list(prefix, { ...page, keysOnly: true });
  const known = pairEntries(kind, keys.entries);
  const items = known.pairs.map((pair) => recall(pair) as R | undefined);
  if (items.every((item) => item !== undefined)) {
    return { items, revision: keys.revision, last: known.last, more: keys.more };
  }
  const { entries, revision, more } = await store.list(prefix, { ...page, at: keys.revision });
  const { pairs, last } = pairEntries(kind, entries);
  const records = decodePairs(pairs, (error) =>
    log.error({ kind: kind.kind, err: error }, "a record cannot be read"),
  );
  const joined = records.map(({ object, status }) => join(kind, object, status) as R);
  return { items: joined, revision, last, more };
}
