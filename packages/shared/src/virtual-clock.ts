import type { Clock } from "./clock.ts";

/** Time that moves only when it is told to: timers ring in the order of their moments, and nothing is waited for. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  #nextId = 0;

  /** `startMs` is the first moment, in milliseconds since the Unix epoch. */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const id = (this.#nextId += 1);
    this.#timers.set(id, { at: this.#now + Math.max(0, delayMs), callback });
    return () => void this.#timers.delete(id);
  }

  /** How long until the next timer rings; `undefined` when none is set. */
  get nextInMs(): number | undefined {
    const first = this.#first();
    return first && first[1].at - this.#now;
  }

  /** Lets time pass, and every timer ring at its moment. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let first = this.#first(); first && first[1].at <= end; first = this.#first()) {
      const [id, { at, callback }] = first;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, at);
      callback();
    }
    this.#now = end;
  }

  /** The earliest timer; of several at one moment the one that was set first. */
  #first(): [number, { readonly at: number; readonly callback: () => void }] | undefined {
    let first: [number, { readonly at: number; readonly callback: () => void }] | undefined;
    for (const entry of this.#timers) {
      if (first === undefined || entry[1].at < first[1].at) first = entry;
    }
    return first;
  }
}
