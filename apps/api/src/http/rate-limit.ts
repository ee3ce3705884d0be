import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";

export interface Rate {
  /** Requests per second that one may send for ever. */
  readonly requests_per_second: number;
  /** Requests that one may send at once after a pause. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  /** Milliseconds of the monotonic clock. */
  filledAt: number;
}

/** A bucket of tokens for each identity, filled at the rate up to the burst; each request takes one out. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** 0 when the request may go on, else the whole seconds after which the next one may. */
  take(identity: string): number {
    const { requests_per_second: perSecond, burst } = this.#rate;
    const now = this.#clock.monotonic();
    const bucket = this.#bucketOf(identity, now);
    const gained = ((now - bucket.filledAt) / 1_000) * perSecond;
    bucket.tokens = Math.min(burst, bucket.tokens + gained);
    bucket.filledAt = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.ceil((1 - bucket.tokens) / perSecond);
  }

  #bucketOf(identity: string, now: number): Bucket {
    const known = this.#buckets.get(identity);
    if (known) return known;
    // With more identities than that, the one that came first begins anew.
    if (this.#buckets.size >= limits.rateIdentitiesMax) {
      for (const first of this.#buckets.keys()) {
        this.#buckets.delete(first);
        break;
      }
    }
    const fresh = { tokens: this.#rate.burst, filledAt: now };
    this.#buckets.set(identity, fresh);
    return fresh;
  }
}
