import type { Clock } from "@octoplane/shared/clock";

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * All delays of all clusters in one heap with one timer of the clock. A thousand clusters with a
 * hundred pods each would otherwise hold as many timers of the runtime.
 */
export class Timers implements Disposable {
  readonly #clock: Clock;
  readonly #heap: Entry[] = [];
  readonly #onError: (error: unknown) => void;
  #order = 0;
  #armedForMs = Infinity;
  #disarm: () => void = () => undefined;
  #isDisposed = false;

  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Calls back once after the delay; the returned function cancels. */
  after(delayMs: number, run: () => void): () => void {
    if (this.#isDisposed) return () => undefined;
    const dueMs = this.#clock.monotonic() + Math.max(0, delayMs);
    const entry: Entry = { dueMs, order: (this.#order += 1), run };
    this.#push(entry);
    if (dueMs < this.#armedForMs) this.#arm();
    return () => {
      entry.run = undefined;
    };
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#disarm();
    this.#heap.length = 0;
  }

  #arm(): void {
    this.#disarm();
    const first = this.#heap[0];
    this.#armedForMs = first?.dueMs ?? Infinity;
    if (first === undefined) return;
    const delayMs = Math.max(0, first.dueMs - this.#clock.monotonic());
    this.#disarm = this.#clock.after(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#armedForMs = Infinity;
    const now = this.#clock.monotonic();
    // What a callback adds with no delay waits for the next turn, so that requests get theirs.
    const due: Entry[] = [];
    while (this.#heap[0] !== undefined && this.#heap[0].dueMs <= now) due.push(this.#pop());
    for (const entry of due) {
      try {
        entry.run?.();
      } catch (error) {
        this.#onError(error);
      }
    }
    if (!this.#isDisposed) this.#arm();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
}
