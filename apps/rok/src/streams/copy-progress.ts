import { limits } from "@octoplane/shared/limits";
import type { Io } from "../io.ts";
import { streamsOf } from "./standard-streams.ts";

/** How far a copy has come, in one line of a terminal that is written over and over. */
export class CopyProgress {
  readonly #io: Io;
  #bytes = 0;
  #told: number;
  #isShown = false;

  constructor(io: Io) {
    this.#io = io;
    this.#told = io.clock.monotonic();
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    const now = this.#io.clock.monotonic();
    const isDue = now - this.#told >= limits.copyProgressMs;
    if (isDue && streamsOf(this.#io).isErrorsShown) this.#show(now);
  }

  end(): void {
    if (!this.#isShown) return;
    this.#show(this.#told);
    this.#io.err("\n");
  }

  #show(now: number): void {
    this.#told = now;
    this.#isShown = true;
    this.#io.err(`\r${sizeText(this.#bytes)}   `);
  }
}

/** `512 B`, `1.5 KiB`, `200.0 MiB`. Pure. */
export function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1_024 ** step).toFixed(1)} ${units[step - 1]}`;
}
