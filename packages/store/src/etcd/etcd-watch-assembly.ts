import type { IWatchResponse } from "etcd3";
import type { Change, ChangeBatch, Revision } from "../store.ts";
import { toEntry } from "./etcd-reads.ts";

/**
 * Puts the pieces of etcd's answers together: a large answer comes in fragments, which may end in
 * the middle of a revision. The changes of a revision are held back until one of a later revision
 * or the last fragment is there. Changes that were already handed over (etcd may repeat some after
 * a reconnect) are left out.
 */
export class WatchAssembly {
  #delivered: Revision;
  #held: Change[] = [];

  constructor(after: Revision) {
    this.#delivered = after;
  }

  /** What can be handed over after this answer; undefined when that is nothing. */
  take(response: IWatchResponse): ChangeBatch | undefined {
    if (response.created) return undefined;
    if (response.events.length === 0) return this.#mark(BigInt(response.header.revision));
    for (const event of response.events) {
      if (BigInt(event.kv.mod_revision) > this.#delivered) this.#held.push(toChange(event));
    }
    return this.#held.length > 0 ? this.#release(response.fragment) : undefined;
  }

  #mark(revision: Revision): ChangeBatch | undefined {
    if (this.#held.length > 0 || revision < this.#delivered) return undefined;
    this.#delivered = revision;
    return { changes: [], revision };
  }

  #release(isFragment: boolean): ChangeBatch | undefined {
    const newest = revisionOf(this.#held.at(-1)!);
    const split = isFragment
      ? this.#held.findIndex((change) => revisionOf(change) === newest)
      : this.#held.length;
    if (split === 0) return undefined;
    const changes = this.#held.slice(0, split);
    this.#held = this.#held.slice(split);
    this.#delivered = revisionOf(changes.at(-1)!);
    return { changes, revision: this.#delivered };
  }
}

function toChange(event: IWatchResponse["events"][number]): Change {
  const entry = toEntry(event.kv);
  return event.type === "Put"
    ? { type: "put", entry }
    : { type: "remove", key: entry.key, revision: entry.revision };
}

function revisionOf(change: Change): Revision {
  return change.type === "put" ? change.entry.revision : change.revision;
}
