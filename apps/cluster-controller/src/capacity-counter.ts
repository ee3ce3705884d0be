import type { Kube } from "@octoplane/kube/kube";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { countRequests, type Count, type CountedRequests } from "./count-requests.ts";

interface Counting {
  readonly abort: AbortController;
  began: number;
  failures: number;
  running: Promise<void> | undefined;
  found: CountedRequests | "unknown" | undefined;
}

/**
 * Counts what the Pods of clusters request, one count at a time for each and beside its probes: a long list must not make a
 * cluster look as if it were gone.
 */
export class CapacityCounter implements AsyncDisposable {
  readonly #options: {
    readonly clock: Clock;
    readonly intervalMs: number;
    readonly onCounted: (key: string) => void;
  };
  readonly #countings = new Map<string, Counting>();
  #running = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly intervalMs: number;
    /** The newest count is not the same as the one before. */
    readonly onCounted: (key: string) => void;
  }) {
    this.#options = options;
  }

  /** Begins a count when one is due and there is room for it; otherwise the next probe asks again. */
  keepUp(key: string, connect: () => Promise<Kube>): void {
    const { clock, intervalMs } = this.#options;
    const now = clock.monotonic();
    const counting = this.#countings.get(key) ?? {
      abort: new AbortController(),
      began: -Infinity,
      failures: 0,
      running: undefined,
      found: undefined,
    };
    this.#countings.set(key, counting);
    if (counting.running || now - counting.began < intervalMs) return;
    if (this.#running >= limits.capacityCountsMax) return;
    counting.began = now;
    counting.running = this.#count(key, counting, connect);
  }

  /** What was counted last, `"unknown"` when it cannot be, `undefined` before the first count has ended. */
  of(key: string): CountedRequests | "unknown" | undefined {
    return this.#countings.get(key)?.found;
  }

  /** Forgets a cluster, or what was counted with credentials that have been replaced. */
  drop(key: string): void {
    this.#countings.get(key)?.abort.abort();
    this.#countings.delete(key);
  }

  /** Until every count that is under way has ended. */
  async idle(): Promise<void> {
    await Promise.all([...this.#countings.values()].flatMap(({ running }) => running ?? []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const idle = this.idle();
    for (const key of this.#countings.keys()) this.drop(key);
    await idle;
  }

  async #count(key: string, counting: Counting, connect: () => Promise<Kube>): Promise<void> {
    const { clock, onCounted } = this.#options;
    const { signal } = counting.abort;
    const options = { clock, signal, timeoutMs: limits.capacityTimeoutMs };
    this.#running += 1;
    const count = await countRequests(connect, options);
    this.#running -= 1;
    counting.running = undefined;
    if (signal.aborted) return;
    const before = counting.found;
    counting.failures = count.ok ? 0 : counting.failures + 1;
    counting.found = foundIn(count, counting);
    if (!isSame(before, counting.found)) onCounted(key);
  }
}

/** A count that failed says nothing at first; a few of them, and the last good one is too old. */
function foundIn(count: Count, { failures, found }: Counting): Counting["found"] {
  if (count.ok) {
    const { requests } = count;
    return typeof found === "object" && isSame(found, requests)
      ? { ...requests, sameSince: found.sameSince }
      : requests;
  }
  return count.isFinal || failures >= limits.capacityFailuresMax ? "unknown" : found;
}

function isSame(a: Counting["found"], b: Counting["found"]): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  return a.cpuCores === b.cpuCores && a.memoryBytes === b.memoryBytes && a.pods === b.pods;
}
