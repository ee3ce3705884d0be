import type { Clock } from "@octoplane/shared/clock";

/**
 * Keys that wait for work: each once, each worked on by one at a time, the newest wish to see it soonest kept.
 * A key that is added while it is worked on comes again when that is done. A later deadline never replaces an earlier
 * one: a queue that restarts its timer at each event starves.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #onReady: () => void;
  /** Ready keys in order of arrival. */
  readonly #ready = new Set<string>();
  /** Deadlines of keys that are not ready yet, by monotonic time. */
  readonly #waiting = new Map<string, number>();
  readonly #active = new Set<string>();
  #heap: Deadline[] = [];
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #closed = false;

  /** `onReady` is called, never at once, whenever a key has become ready. */
  constructor(clock: Clock, onReady: () => void) {
    this.#clock = clock;
    this.#onReady = onReady;
  }

  get size(): number {
    return this.#ready.size + this.#waiting.size;
  }

  add(key: string, delayMs = 0): void {
    if (this.#closed || this.#ready.has(key)) return;
    if (delayMs <= 0) {
      this.#waiting.delete(key);
      this.#ready.add(key);
      queueMicrotask(this.#onReady);
      return;
    }
    const at = this.#clock.monotonic() + delayMs;
    const previous = this.#waiting.get(key);
    if (previous !== undefined && previous <= at) return;
    this.#waiting.set(key, at);
    push(this.#heap, { key, at });
    this.#arm();
  }

  /** Takes a ready key that nobody works on; `done` must be called for it. */
  take(): string | undefined {
    for (const key of this.#ready) {
      if (this.#active.has(key)) continue;
      this.#ready.delete(key);
      this.#active.add(key);
      return key;
    }
    return undefined;
  }

  done(key: string): void {
    this.#active.delete(key);
    if (this.#ready.has(key)) queueMicrotask(this.#onReady);
  }

  /** Forgets everything that waits. */
  close(): void {
    this.#closed = true;
    this.#ready.clear();
    this.#waiting.clear();
    this.#heap = [];
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || (this.#timer && this.#timer.at <= first.at)) return;
    this.#timer?.cancel();
    const delay = Math.max(0, first.at - this.#clock.monotonic());
    this.#timer = { at: first.at, cancel: this.#clock.after(delay, () => this.#ring()) };
  }

  #ring(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      pop(this.#heap);
      // An entry whose key has another deadline by now, or none, is a leftover.
      if (this.#waiting.get(first.key) === first.at) this.add(first.key);
    }
    this.#arm();
  }
}

interface Deadline {
  readonly key: string;
  readonly at: number;
}

/** A binary heap by deadline. */
function push(heap: Deadline[], item: Deadline): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (heap[parent]!.at <= item.at) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Deadline[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
    if (heap[child]!.at >= last.at) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
}
