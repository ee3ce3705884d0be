import { isDeepStrictEqual } from "node:util";
import type { Clock } from "@octoplane/shared/clock";
import { messageOf } from "@octoplane/shared/errors";

export interface ReloadOptions<T> {
  /** What is in use at the start. */
  readonly current: T;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Reads the files; what it throws leaves everything as it is. */
  read(): Promise<T>;
  /** Is called with what was read when that is different from what is in use. */
  apply(found: T): void;
  /** Hears of a problem once, and again when it changes or comes back. */
  onProblem(problem: string): void;
}

/**
 * Looks at files from time to time and hands over what they hold once that has changed and does: while somebody replaces
 * them one by one, and when they are wrong, what was read before stays in use.
 */
export class Reload<T> implements Disposable {
  readonly #options: ReloadOptions<T>;
  #current: T;
  #problem = "";
  #cancel: () => void = () => undefined;
  #looking: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(options: ReloadOptions<T>) {
    this.#options = options;
    this.#current = options.current;
    this.#wait();
  }

  /** What is in use. */
  get current(): T {
    return this.#current;
  }

  /** Looks now; resolves when what the files held at this moment is in use, or was found wrong. Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#cancel();
  }

  #wait(): void {
    if (this.#isOver) return;
    const { clock, intervalMs } = this.#options;
    this.#cancel = clock.after(intervalMs, () => void this.look().then(() => this.#wait()));
  }

  async #look(): Promise<void> {
    if (this.#isOver) return;
    try {
      const found = await this.#options.read();
      if (!this.#isOver && !isDeepStrictEqual(found, this.#current)) {
        this.#options.apply(found);
        this.#current = found;
      }
      this.#problem = "";
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#problem) this.#options.onProblem(problem);
      this.#problem = problem;
    }
  }
}
