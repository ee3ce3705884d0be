import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { setImmediate as nextTurn } from "node:timers/promises";
import { changeSize } from "../change-size.ts";
import type { Change, ChangeBatch, Revision } from "../store.ts";
import { readState, type LmdbFiles } from "./lmdb-files.ts";
import type { LmdbState } from "./lmdb-records.ts";
import { readLog } from "./lmdb-read.ts";
import type { LmdbTail } from "./lmdb-tail.ts";

/** What a watch reads from: the store it belongs to. */
export interface LmdbSource {
  readonly files: LmdbFiles;
  readonly tail: LmdbTail;
  readonly clock: Clock;
  readonly progressMs: number;
  state(): LmdbState;
  isClosed(): boolean;
  /**
   * Calls back after the next durable commit, or when the store is closed; the returned function
   * cancels.
   */
  onNext(callback: () => void): () => void;
}

/**
 * A watch pulls: it keeps a revision and reads what came after it, so a slow one takes no memory.
 * It ends with `Compacted` when history is forgotten faster than it reads.
 */
export async function* watchLmdb(
  source: LmdbSource,
  prefix: string,
  after: Revision,
  signal: AbortSignal,
): AsyncGenerator<ChangeBatch> {
  let position = after;
  let marked = source.clock.monotonic();
  while (!signal.aborted) {
    const step = readStep(source, prefix, position);
    position = step.revision;
    if (step.changes.length > 0) {
      marked = source.clock.monotonic();
      yield step;
      continue;
    }
    if (position < source.state().revision) {
      await nextTurn();
      continue;
    }
    const waitMs = marked + source.progressMs - source.clock.monotonic();
    if (waitMs > 0) await nextCommit(source, waitMs, signal);
    else if (position <= source.state().revision) {
      marked = source.clock.monotonic();
      yield { changes: [], revision: position };
    } else marked = source.clock.monotonic();
  }
}

/** The next whole commits after a revision: of this prefix, and up to which revision was looked. */
function readStep(source: LmdbSource, prefix: string, after: Revision): ChangeBatch {
  if (source.isClosed()) throw failure("Unavailable", "the store is closed");
  const { compacted, revision } = source.state();
  checkKept(after, compacted);
  if (after >= revision) return { changes: [], revision: after };
  const commits = source.tail.since(after);
  return commits
    ? takeWhole(flatten(commits), prefix, { revision: after, newest: revision })
    : readOld(source, prefix, { revision: after, newest: revision });
}

function readOld(
  source: LmdbSource,
  prefix: string,
  position: { readonly revision: Revision; readonly newest: Revision },
): ChangeBatch {
  const transaction = source.files.root.useReadTransaction();
  try {
    // The snapshot may be newer than the last commit that was announced, and already lack what was
    // forgotten.
    checkKept(position.revision, readState(source.files, transaction).compacted);
    const items = readLog(source.files, transaction, position.revision);
    return takeWhole(items, prefix, position);
  } finally {
    transaction.done();
  }
}

function checkKept(after: Revision, compacted: Revision): void {
  if ((after > 1n ? after : 1n) >= compacted) return;
  throw failure("Compacted", `history before revision ${compacted} is forgotten, ${after} too`);
}

function* flatten(
  commits: readonly { readonly revision: Revision; readonly changes: readonly Change[] }[],
): Generator<{ readonly revision: Revision; readonly change: Change }> {
  for (const { revision, changes } of commits)
    for (const change of changes) yield { revision, change };
}

/** Takes changes until there are enough of them, and never stops in the middle of a revision. */
function takeWhole(
  items: Iterable<{ readonly revision: Revision; readonly change: Change }>,
  prefix: string,
  position: { readonly revision: Revision; readonly newest: Revision },
): ChangeBatch {
  const changes: Change[] = [];
  let { revision } = position;
  let seen = 0;
  let bytes = 0;
  for (const item of items) {
    if (item.revision > position.newest) break;
    const isFull = seen >= limits.watchStepChangesMax || bytes >= limits.pageBytesMax;
    if (isFull && item.revision !== revision) return { changes, revision };
    revision = item.revision;
    seen += 1;
    const key = item.change.type === "put" ? item.change.entry.key : item.change.key;
    if (!key.startsWith(prefix)) continue;
    changes.push(item.change);
    bytes += changeSize(item.change);
  }
  return { changes, revision: position.newest };
}

/** Resolves at the next commit, after the time, or when the signal aborts. */
function nextCommit(source: LmdbSource, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancelTimer();
      cancelNext();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancelTimer = source.clock.after(waitMs, done);
    const cancelNext = source.onNext(done);
    signal.addEventListener("abort", done, { once: true });
  });
}
