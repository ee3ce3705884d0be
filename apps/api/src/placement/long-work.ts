import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** Gives other requests their turn, and ends when nobody waits for the answer any more. */
export interface Turns {
  /** To be awaited often: most of the time it does nothing. `Unavailable` when the client has gone. */
  next(): Promise<void>;
}

/** Turns for what is too short to be counted. */
export function turnsOf(clock: Clock, isOver: () => boolean = () => false): Turns {
  let began = clock.monotonic();
  return {
    async next() {
      if (clock.monotonic() - began < limits.planSliceMs) return;
      await nextTurn();
      if (isOver()) throw failure("Unavailable", "nobody waits for the answer");
      began = clock.monotonic();
    },
  };
}

/**
 * Computations of seconds in a server that answers everything else meanwhile: a few at once, each in slices of some
 * milliseconds.
 */
export class LongWork {
  readonly #clock: Clock;
  readonly #most: number;
  #running = 0;

  /** `most`: how many are answered at once. */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** `TooManyRequests` when there are as many already as may be. */
  async run<T>(
    { reply, closing }: { readonly reply: FastifyReply; readonly closing: AbortSignal },
    work: (turns: Turns) => Promise<T>,
  ): Promise<T> {
    if (this.#running >= this.#most) {
      reply.header("retry-after", "1");
      throw failure("TooManyRequests", `${this.#most} such questions are being answered`);
    }
    this.#running += 1;
    let isGone = false;
    const gone = (): void => {
      isGone = true;
    };
    reply.raw.once("close", gone);
    const turns = turnsOf(this.#clock, () => isGone || closing.aborted);
    try {
      return await work(turns);
    } finally {
      reply.raw.off("close", gone);
      this.#running -= 1;
    }
  }
}
