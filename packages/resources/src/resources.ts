import type { AnyKind, AnyResource, Kind, Resource } from "@octoplane/kinds/kind";
import type { Log } from "@octoplane/shared/log";
import { dryStore } from "./dry-store.ts";
import { KindFeed } from "./kind-feed.ts";
import type { EntryPair } from "./page.ts";
import { Repository, type Parts } from "./repository.ts";

/**
 * The door to the store: one repository and one feed per kind. Everything above works through it, so the API
 * and the controllers obey the same rules.
 */
export class Resources implements AsyncDisposable {
  readonly parts: Parts;
  readonly #log: Log;
  readonly #repositories = new Map<string, Repository>();
  readonly #dryParts: Parts;
  readonly #feeds = new Map<string, KindFeed>();

  constructor(parts: Parts, log: Log) {
    this.parts = parts;
    this.#dryParts = { ...parts, store: dryStore(parts.store) };
    this.#log = log;
  }

  /** With `dryRun` one that checks everything, answers what would be stored, and writes nothing. */
  of<const K extends KindLike>(
    kind: K,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ): Repository<ResourceFor<K>> {
    const id = dryRun ? `${idOf(kind)}?dryRun` : idOf(kind);
    let repository = this.#repositories.get(id);
    if (!repository) {
      const recall = (entries: EntryPair) => this.#feeds.get(idOf(kind))?.recall(entries);
      repository = new Repository(
        kind as unknown as AnyKind,
        dryRun ? this.#dryParts : this.parts,
        this.#log,
        recall,
      );
      this.#repositories.set(id, repository);
    }
    return repository as unknown as Repository<ResourceFor<K>>;
  }

  feed<const K extends KindLike>(kind: K): KindFeed<ResourceFor<K>> {
    let feed = this.#feeds.get(idOf(kind));
    if (!feed) {
      feed = new KindFeed(kind as unknown as AnyKind, { ...this.parts, log: this.#log });
      this.#feeds.set(idOf(kind), feed);
    }
    return feed as unknown as KindFeed<ResourceFor<K>>;
  }

  /** Ends the feeds. The store belongs to who opened it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#feeds.values()].map((feed) => feed[Symbol.asyncDispose]()));
  }
}

type KindLike = { readonly api: string; readonly kind: string };

/** The type of a kind's resources, if the kind's type is known. */
export type ResourceFor<K> =
  K extends Kind<infer F, infer S> ? Resource<F, S> & AnyResource : AnyResource;

function idOf(kind: KindLike): string {
  return `${kind.api}/${kind.kind}`;
}
