import { limits } from "@octoplane/shared/limits";
import { changeSize } from "../change-size.ts";
import type { Revision } from "../store.ts";
import type { LmdbCommit } from "./lmdb-queue.ts";

/**
 * The newest commits, in memory: watches that keep up read them from here instead of from the log,
 * once each instead of once for every watch. Bounded in commits and bytes; what is older is read
 * from the log.
 */
export class LmdbTail {
  #commits: LmdbCommit[] = [];
  #bytes = 0;
  /** All that happened after this revision is here. */
  #after: Revision;

  constructor(after: Revision) {
    this.#after = after;
  }

  add(commits: readonly LmdbCommit[]): void {
    for (const commit of commits) {
      if (commit.changes.length === 0) continue;
      this.#commits.push(commit);
      this.#bytes += commitSize(commit);
    }
    const isOver =
      this.#commits.length > limits.tailCommitsMax || this.#bytes > limits.tailBytesMax;
    if (isOver) this.#cut();
  }

  /** The commits after a revision, oldest first; undefined when it does not reach back that far. */
  since(revision: Revision): readonly LmdbCommit[] | undefined {
    if (revision < this.#after) return undefined;
    // Each commit with changes takes the next revision, so its position follows from it.
    return this.#commits.slice(Number(revision - this.#after));
  }

  /** Cuts to half of both bounds at once, so that the cost of it is spread over many commits. */
  #cut(): void {
    let from = 0;
    while (
      from < this.#commits.length &&
      (this.#commits.length - from > limits.tailCommitsMax / 2 ||
        this.#bytes > limits.tailBytesMax / 2)
    ) {
      this.#bytes -= commitSize(this.#commits[from]!);
      this.#after = this.#commits[from]!.revision;
      from += 1;
    }
    this.#commits = this.#commits.slice(from);
  }
}

function commitSize(commit: LmdbCommit): number {
  let bytes = 0;
  for (const change of commit.changes) bytes += changeSize(change);
  return bytes;
}
