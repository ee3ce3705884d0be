import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Change, Guard, Revision, Write } from "../store.ts";
import { applyWrites, brokenGuard, cleanHistory } from "./lmdb-apply.ts";
import { readState, writeState, type LmdbFiles } from "./lmdb-files.ts";
import type { LmdbState } from "./lmdb-records.ts";

/** What one commit wants; both are asked for inside the transaction that does it. */
export interface LmdbJob {
  readonly guards: readonly Guard[];
  /** Throws an error of the closed set to refuse the commit. */
  readonly writes: () => readonly Write[];
  /** Forget history before this revision. */
  readonly compact?: Revision;
}

export interface LmdbCommit {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

interface Waiting {
  readonly job: LmdbJob;
  readonly resolve: (revision: Revision) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = LmdbCommit | { readonly error: unknown };

/**
 * Group commit: what arrives while one transaction is synced goes into the next, each commit with
 * its own guards and its own revision. One transaction is under way at a time, so its commits see
 * all before them.
 */
export class LmdbQueue {
  #state: LmdbState;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #isClosed = false;
  readonly #files: LmdbFiles;
  readonly #historyRevisions: bigint;
  readonly #onDurable: (commits: readonly LmdbCommit[]) => void;

  constructor(
    files: LmdbFiles,
    historyRevisions: number,
    onDurable: (commits: readonly LmdbCommit[]) => void,
  ) {
    this.#files = files;
    this.#historyRevisions = BigInt(historyRevisions);
    this.#onDurable = onDurable;
    this.#state = readState(files);
  }

  /** As of the last durable commit. */
  get state(): LmdbState {
    return this.#state;
  }

  /** Resolves when the job is durable. */
  run(job: LmdbJob): Promise<Revision> {
    if (this.#isClosed) return Promise.reject(failure("Unavailable", "the store is closed"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /**
   * A lease number that was never used; durable with the next commit, which is the first that can
   * name it.
   */
  nextLease(): bigint {
    this.#state = { ...this.#state, lease: this.#state.lease + 1n };
    return this.#state.lease;
  }

  /** Lets what waits finish; refuses what comes after. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // Commits of one turn of the event loop go together, and `#draining` is set before any of this
    // runs.
    await Promise.resolve();
    let hasFailed = false;
    // Cleaning that fails is tried again with the next commit, not in a circle.
    while (this.#waiting.length > 0 || (!hasFailed && this.#hasHistoryToClean())) {
      const batch = this.#waiting.splice(0, limits.commitBatchMax);
      hasFailed = !(await this.#transact(batch));
    }
    this.#draining = undefined;
  }

  #hasHistoryToClean(): boolean {
    return !this.#isClosed && this.#state.cleaned < this.#state.compacted;
  }

  /** Does a batch and answers each of it; false when nothing of it was done. */
  async #transact(batch: readonly Waiting[]): Promise<boolean> {
    try {
      // A child transaction: when something in it fails that should not, the whole batch is rolled
      // back.
      const done = await this.#files.root.childTransaction(() => this.#apply(batch));
      this.#state = { ...done.state, lease: this.#state.lease };
      this.#files.root.resetReadTxn();
      this.#onDurable(done.outcomes.filter((outcome) => "revision" in outcome));
      done.outcomes.forEach((outcome, position) => {
        if ("error" in outcome) batch[position]!.reject(outcome.error);
        else batch[position]!.resolve(outcome.revision);
      });
      return true;
    } catch (cause) {
      const error = failure("Unavailable", "the commit could not be written", { cause });
      for (const waiting of batch) waiting.reject(error);
      return false;
    }
  }

  #apply(batch: readonly Waiting[]): {
    readonly state: LmdbState;
    readonly outcomes: readonly Outcome[];
  } {
    this.#checkAlone();
    let state = this.#state;
    const outcomes = batch.map(({ job }): Outcome => {
      const outcome = this.#applyJob(job, state.revision);
      if ("error" in outcome) return outcome;
      const compacted = job.compact ?? 0n;
      state = {
        ...state,
        revision: outcome.revision,
        compacted: compacted > state.compacted ? compacted : state.compacted,
      };
      return outcome;
    });
    state = this.#forget(state);
    writeState(this.#files, state);
    return { state, outcomes };
  }

  /**
   * The lock keeps other processes out, but not on every shared disk. Should another one have
   * written all the same, its revisions would be used twice and its entries lost: nothing more is
   * written here then, until the directory is opened again.
   */
  #checkAlone(): void {
    const { revision } = readState(this.#files);
    if (revision === this.#state.revision) return;
    throw new Error(
      `the files are at revision ${revision}, not ${this.#state.revision}: another process writes`,
    );
  }

  #applyJob(job: LmdbJob, newest: Revision): Outcome {
    if (job.compact !== undefined && job.compact > newest) {
      const error = failure("Invalid", `revision ${job.compact} is yet to come`);
      return { error };
    }
    const broken = brokenGuard(this.#files, job.guards);
    if (broken) return { error: broken };
    try {
      const changes = applyWrites(this.#files, newest + 1n, job.writes());
      return { revision: changes.length > 0 ? newest + 1n : newest, changes };
    } catch (error) {
      if (isFailure(error)) return { error };
      throw error;
    }
  }

  /**
   * Bounds the history, with some slack so that it is not done at every commit, and cleans a slice
   * of it.
   */
  #forget(state: LmdbState): LmdbState {
    const { revision, compacted, cleaned } = state;
    const isOver = revision - compacted > this.#historyRevisions + this.#historyRevisions / 8n;
    const forgotten = isOver ? revision - this.#historyRevisions : compacted;
    if (cleaned >= forgotten) return state;
    const slice = { cleaned, compacted: forgotten };
    const done = cleanHistory(this.#files, slice, {
      records: limits.cleanRecordsMax,
      bytes: limits.cleanBytesMax,
    });
    return { ...state, compacted: forgotten, cleaned: done };
  }
}
