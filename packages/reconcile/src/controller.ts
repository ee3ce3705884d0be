import { backoffMs } from "@octoplane/shared/backoff";
import type { Clock } from "@octoplane/shared/clock";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import type { Random } from "@octoplane/shared/random";
import { WorkQueue, type Lanes } from "./work-queue.ts";

export interface Result {
  /** Come back after this time even if nothing happens. */
  readonly requeueAfterMs?: number;
  /** It did not work, and the object's status says why: come back with growing delay (or sooner, as above). */
  readonly failed?: boolean;
  /** The longest that the growing delay becomes, in milliseconds, when it is not the usual one. */
  readonly mostMs?: number;
  /** Somebody asked not to be bothered before this time is over; holds for the growing delay. */
  readonly notBeforeMs?: number;
}

/** Brings one thing nearer to what is wanted. It is given a key, never an event: the path after a crash is the normal one. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Result | void>;

export interface ControllerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly workers?: number;
  /** Left out, every key may wait for every other. */
  readonly lanes?: Lanes;
}

const outcomes = ["done", "conflict", "error"] as const;

/**
 * Queue and workers of one controller. An error brings the key back with growing delay; a conflict (somebody else wrote
 * first) brings it back soon and is nothing to report.
 */
export class Controller implements AsyncDisposable {
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #attempts = new Map<string, number>();
  readonly #count;
  readonly #seconds;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#queue = new WorkQueue(options.clock, () => this.#pump(), options.lanes);
    const { metrics, name } = options;
    this.#count = metrics.counter("octoplane_reconciles_total", "Reconciles by outcome.", [
      "controller",
      "outcome",
    ]);
    this.#seconds = metrics.seconds("octoplane_reconcile_seconds", "Time of one reconcile.", [
      "controller",
    ]);
    for (const outcome of outcomes) this.#count.inc({ controller: name, outcome }, 0);
  }

  /** Wakes a key: now, or after a delay unless it is to be woken sooner already. */
  enqueue(key: string, delayMs = 0): void {
    this.#queue.add(key, delayMs);
  }

  /** Keys that wait. */
  get backlog(): number {
    return this.#queue.size;
  }

  /** Lets what is under way come to its end; nothing new begins. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#queue.close();
    await Promise.allSettled(this.#running);
  }

  #pump(): void {
    const most = this.#options.workers ?? limits.reconcileWorkersMax;
    while (this.#running.size < most && !this.#stop.signal.aborted) {
      const key = this.#queue.take();
      if (key === undefined) return;
      const work = this.#work(key).finally(() => {
        this.#running.delete(work);
        this.#queue.done(key);
        this.#pump();
      });
      this.#running.add(work);
    }
  }

  async #work(key: string): Promise<void> {
    const { clock, name, reconcile } = this.#options;
    const began = clock.monotonic();
    try {
      const result = await reconcile(key, this.#stop.signal);
      if (result?.failed) return this.#retry(key, "error", result);
      this.#attempts.delete(key);
      this.#count.inc({ controller: name, outcome: "done" });
      if (result?.requeueAfterMs !== undefined)
        this.#queue.add(key, Math.max(1, result.requeueAfterMs));
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#failed(key, error);
    } finally {
      this.#seconds.observe({ controller: name }, (clock.monotonic() - began) / 1_000);
    }
  }

  #failed(key: string, error: unknown): void {
    const conflict = isFailure(error, "Conflict", "NotFound");
    if (!conflict) this.#options.log.error({ key, err: error }, "reconcile failed");
    this.#retry(key, conflict ? "conflict" : "error");
  }

  #retry(key: string, outcome: (typeof outcomes)[number], result: Result = {}): void {
    const { name, random } = this.#options;
    const attempt = this.#attempts.get(key) ?? 0;
    this.#attempts.set(key, attempt + 1);
    const bounds = {
      firstMs: limits.retryFirstMs,
      mostMs: Math.max(limits.retryFirstMs, result.mostMs ?? limits.retryMostMs),
    };
    this.#count.inc({ controller: name, outcome });
    const asked = Math.min(result.notBeforeMs ?? 0, limits.retryAfterMostMs);
    const grown = backoffMs(attempt, random.fraction(), bounds);
    this.#queue.add(key, Math.max(1, asked, Math.min(grown, result.requeueAfterMs ?? grown)));
  }
}
