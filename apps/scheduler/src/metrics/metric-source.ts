import type { MetricsProvider } from "@octoplane/kinds/metrics-provider";
import { linkedAbort } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Fetched, FetchValues } from "./provider.ts";

/** The newest that is known of one metric at one provider. */
export interface KnownValue {
  /** The last good value, with its time in milliseconds since the epoch: when it was measured, if the provider says so. */
  readonly value: number | undefined;
  readonly time: number;
  /** When the last good value was fetched. */
  readonly fetched: number;
  /** What the newest fetch met, if it was no value. */
  readonly trouble: { readonly code: string; readonly message: string } | undefined;
  /** True while the first fetch is under way, and takes so long that nobody waits for it any more. */
  readonly isPending?: boolean;
}

export interface SourceOptions {
  readonly fetch: FetchValues;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Called after every fetch that changed something. */
  readonly onChange: () => void;
}

/**
 * Polls one provider for all its metrics together, in the background: never because an application is being placed.
 * The last good value outlives a failed fetch; how long it counts is for the reader to say. A provider that fails again
 * and again is asked less often.
 */
export class MetricSource implements AsyncDisposable {
  readonly #options: SourceOptions;
  #spec: MetricsProvider["spec"];
  #names: readonly string[] = [];
  readonly #values = new Map<string, KnownValue>();
  readonly #stop = new AbortController();
  #timer: (() => void) | undefined;
  #fetching: Promise<void> | undefined;
  #again = false;
  /** Fetches in a row that failed as a whole, and how many intervals the next one is still away. */
  #failures = 0;
  #rests = 0;
  #turns = 0;
  /** Since when each metric without an answer is wanted, and what waits for the first of them. */
  readonly #wantedSince = new Map<string, number>();
  #firstWait: (() => void) | undefined;

  constructor(spec: MetricsProvider["spec"], options: SourceOptions) {
    this.#spec = spec;
    this.#options = options;
  }

  /** `undefined` while the first fetch is under way, for a moment; then there is no value. */
  known(name: string): KnownValue | undefined {
    return this.#values.get(name);
  }

  /** Which metrics are wanted, and how to reach them; fetches at once when that is new. */
  want(spec: MetricsProvider["spec"], names: readonly string[]): void {
    const sorted = [...names].toSorted();
    const same = spec === this.#spec && sorted.join("\n") === this.#names.join("\n");
    if (same) return;
    this.#spec = spec;
    this.#names = sorted;
    // A metric that comes back later begins anew: nobody asked for its value meanwhile.
    for (const name of this.#values.keys()) if (!sorted.includes(name)) this.#values.delete(name);
    this.#failures = 0;
    this.#awaitFirst();
    this.#fetchSoon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#timer?.();
    this.#firstWait?.();
    await this.#fetching;
  }

  /** Whoever needs a metric that has no answer yet waits for it; not for longer than this, or one slow provider holds up many. */
  #awaitFirst(): void {
    const { clock, onChange } = this.#options;
    const now = clock.monotonic();
    const unknown = this.#names.filter((name) => !this.#values.has(name));
    for (const name of this.#wantedSince.keys()) {
      if (!unknown.includes(name)) this.#wantedSince.delete(name);
    }
    for (const name of unknown) {
      if (!this.#wantedSince.has(name)) this.#wantedSince.set(name, now);
    }
    const [first] = this.#wantedSince.values();
    if (first === undefined || this.#firstWait !== undefined || this.#stop.signal.aborted) return;
    this.#firstWait = clock.after(Math.max(0, first + limits.metricsFirstWaitMs - now), () => {
      this.#firstWait = undefined;
      if (this.#giveUpWaiting()) onChange();
      this.#awaitFirst();
    });
  }

  /** True when that is news of any. */
  #giveUpWaiting(): boolean {
    const { clock } = this.#options;
    const until = clock.monotonic() - limits.metricsFirstWaitMs;
    const late = [...this.#wantedSince].filter(
      ([name, since]) => since <= until && !this.#values.has(name),
    );
    const trouble = { code: "UNREACHABLE_METRICS_PROVIDER", message: "no answer yet" };
    for (const [name] of late) {
      const time = clock.now();
      this.#values.set(name, { value: undefined, time, fetched: time, trouble, isPending: true });
    }
    return late.length > 0;
  }

  #fetchSoon(): void {
    if (this.#stop.signal.aborted || this.#names.length === 0) return;
    if (this.#fetching) {
      this.#again = true;
      return;
    }
    this.#timer?.();
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
      if (this.#again) {
        this.#again = false;
        this.#fetchSoon();
      } else {
        this.#rests = restsAfter(this.#failures, this.#options.intervalMs);
        this.#wait();
      }
    });
  }

  #wait(): void {
    if (this.#stop.signal.aborted) return;
    this.#timer = this.#options.clock.after(this.#options.intervalMs, () => {
      if (this.#rests === 0) return this.#fetchSoon();
      this.#rests -= 1;
      this.#wait();
      // Nothing is asked, but what is known grows older, and at some moment it no longer counts.
      this.#options.onChange();
    });
  }

  async #fetch(): Promise<void> {
    const { clock, fetch, onChange } = this.#options;
    const names = this.#names;
    const limit = { clock, ms: limits.metricsTimeoutMs };
    const { controller, release } = linkedAbort(this.#stop.signal, limit);
    let fetched: ReadonlyMap<string, Fetched>;
    try {
      fetched = await fetch(this.#spec, this.#inTurn(names), controller.signal);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const trouble = {
        ok: false,
        code: "UNREACHABLE_METRICS_PROVIDER",
        message: messageOf(error),
      } as const;
      fetched = new Map(names.map((name) => [name, trouble]));
    } finally {
      release();
    }
    const changed = names.filter((name) => this.#keep(name, fetched.get(name), clock.now()));
    if (changed.length > 0 && !this.#stop.signal.aborted) onChange();
  }

  /**
   * Those that had no value come last, and another one of them first each time: a few queries that never end would take the
   * time of all the others where a provider is asked for each by itself.
   */
  #inTurn(names: readonly string[]): readonly string[] {
    const isTroubled = (name: string): boolean => this.#values.get(name)?.trouble !== undefined;
    const troubled = names.filter(isTroubled);
    const first = (this.#turns * limits.metricsRequestsMax) % Math.max(1, troubled.length);
    this.#turns += 1;
    return [
      ...names.filter((name) => !isTroubled(name)),
      ...troubled.slice(first),
      ...troubled.slice(0, first),
    ];
  }

  /** True when this is news: another value, or another trouble. */
  #keep(name: string, fetched: Fetched | undefined, now: number): boolean {
    const before = this.#values.get(name);
    if (fetched?.ok) {
      const time = Math.min(fetched.time ?? now, now);
      this.#values.set(name, { value: fetched.value, time, fetched: now, trouble: undefined });
      return before?.value !== fetched.value || before.trouble !== undefined;
    }
    const trouble = {
      code: fetched?.code ?? "INVALID_METRIC",
      message: fetched?.message ?? "the provider gave no value",
    };
    const { value, time = now, fetched: last = now } = before ?? {};
    this.#values.set(name, { value, time, fetched: last, trouble });
    // Always news: the last good value is growing old, and at some moment it no longer counts.
    return true;
  }
}

/** Intervals without a fetch: none after the first two failures, then 1, 3, 7, … up to a bound in time. */
function restsAfter(failures: number, intervalMs: number): number {
  const most = Math.max(1, Math.floor(limits.metricsRetryMostMs / intervalMs));
  return Math.min(2 ** Math.min(Math.max(0, failures - 2), 30), most) - 1;
}
