import type { AnyResource } from "@octoplane/kinds/kind";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Page, Revision } from "@octoplane/store/store";
import { decodePairs, pairEntries } from "./page.ts";
import type { PairSources } from "./read-pair.ts";
import { join } from "./record.ts";

/** Where a list comes from: the store, which says what there is, and what is in memory already. */
export interface ListSources extends PairSources {
  readonly log: Log;
}

export interface Listed<R> {
  readonly items: readonly R[];
  readonly revision: Revision;
  /** The key after which the next page begins. */
  readonly last: string | undefined;
  readonly more: boolean;
}

/**
 * What is listed is fetched by key and revision first: of an object that is in memory at just that revision, no value need
 * travel or be read. The others are fetched at the same revision: one by one when they are few, else everything.
 */
export async function fetchListing<R extends AnyResource>(
  sources: ListSources,
  prefix: string,
  page: Page,
): Promise<Listed<R>> {
  const { kind, store, recall } = sources;
  const keys = await store.list(prefix, { ...page, keysOnly: true });
  const known = pairEntries(kind, keys.entries);
  const recalled = known.pairs.map((pair) => recall(pair)?.resource as R | undefined);
  const missing = recalled.filter((item) => item === undefined).length;
  if (missing > limits.listFetchedAloneMax) {
    return await fetchPage(sources, prefix, { ...page, at: keys.revision });
  }
  const items = await Promise.all(
    known.pairs.map(async ({ object }, index) => {
      const item = recalled[index];
      if (item !== undefined) return [item];
      const own = object.key.slice(0, -"object".length);
      return (await fetchPage<R>(sources, own, { at: keys.revision })).items;
    }),
  );
  return { items: items.flat(), revision: keys.revision, last: known.last, more: keys.more };
}

async function fetchPage<R extends AnyResource>(
  { kind, store, log }: ListSources,
  prefix: string,
  page: Page,
): Promise<Listed<R>> {
  const { entries, revision, more } = await store.list(prefix, page);
  const { pairs, last } = pairEntries(kind, entries);
  const records = decodePairs(pairs, (error) =>
    log.error({ kind: kind.kind, err: error }, "a record cannot be read"),
  );
  const items = records.map(({ object, status }) => join(kind, object, status) as R);
  return { items, revision, last, more };
}
