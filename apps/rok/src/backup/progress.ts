import type { Io } from "../io.ts";

/** Lines that tell how far a long work has come, where a person looks on: one a second, beside the result. */
export class Progress {
  readonly #io: Io;
  #told: number;

  constructor(io: Io) {
    this.#io = io;
    this.#told = io.clock.monotonic();
  }

  tell(text: () => string): void {
    if (this.#io.columns === undefined) return;
    const now = this.#io.clock.monotonic();
    if (now - this.#told < everyMs) return;
    this.#told = now;
    this.#io.err(`${text()}\n`);
  }
}

const everyMs = 1_000;
