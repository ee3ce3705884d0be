import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";

/** Groups of keys that must not take the whole controller for themselves: the applications of one cluster, for example. */
export interface Lanes {
  readonly laneOf: (key: string) => string;
  /** Keys of one lane that are worked on at once. */
  readonly most: number;
}

/**
 * Keys that wait for work: each once, each worked on by one at a time, the newest wish to see it soonest kept.
 * A key that is added while it is worked on comes again when that is done. A later deadline never replaces an earlier
 * one: a queue that restarts its timer at each event starves. Lanes take turns, and one that is full delays no other.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #onReady: () => void;
  readonly #lanes: Lanes;
  /** Ready keys by lane, in order of arrival; the lane whose turn it is stands first. */
  readonly #ready = new Map<string, Set<string>>();
  readonly #readyLane = new Map<string, string>();
  /** Deadlines of keys that are not ready yet, by monotonic time. */
  readonly #waiting = new Map<string, number>();
  /** Keys that are worked on, with their lanes. */
  readonly #active = new Map<string, string>();
  readonly #busy = new Map<string, number>();
  #heap: Deadline[] = [];
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #closed = false;

  /** `onReady` is called, never at once, whenever a key has become ready. */
  constructor(clock: Clock, onReady: () => void, lanes: Lanes = oneLane) {
    this.#clock = clock;
    this.#onReady = onReady;
    this.#lanes = lanes;
  }

  get size(): number {
    return this.#readyLane.size + this.#waiting.size;
  }

  add(key: string, delayMs = 0): void {
    if (this.#closed || this.#readyLane.has(key)) return;
    if (delayMs <= 0) {
      this.#waiting.delete(key);
      this.#makeReady(key);
      return;
    }
    const at = this.#clock.monotonic() + delayMs;
    const previous = this.#waiting.get(key);
    if (previous !== undefined && previous <= at) return;
    this.#waiting.set(key, at);
    push(this.#heap, { key, at });
    this.#forgetLeftovers();
    this.#arm();
  }

  /** Takes a ready key that nobody works on, of a lane that is not full; `done` must be called for it. */
  take(): string | undefined {
    for (const [lane, keys] of this.#ready) {
      if ((this.#busy.get(lane) ?? 0) >= this.#lanes.most) continue;
      for (const key of keys) {
        if (this.#active.has(key)) continue;
        keys.delete(key);
        this.#readyLane.delete(key);
        this.#ready.delete(lane);
        if (keys.size > 0) this.#ready.set(lane, keys);
        this.#active.set(key, lane);
        this.#busy.set(lane, (this.#busy.get(lane) ?? 0) + 1);
        return key;
      }
    }
    return undefined;
  }

  done(key: string): void {
    const lane = this.#active.get(key);
    if (lane === undefined) return;
    this.#active.delete(key);
    const busy = (this.#busy.get(lane) ?? 1) - 1;
    if (busy > 0) this.#busy.set(lane, busy);
    else this.#busy.delete(lane);
    if (this.#readyLane.size > 0) queueMicrotask(this.#onReady);
  }

  /** Forgets everything that waits. */
  close(): void {
    this.#closed = true;
    this.#ready.clear();
    this.#readyLane.clear();
    this.#waiting.clear();
    this.#heap = [];
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #makeReady(key: string): void {
    const lane = this.#lanes.laneOf(key);
    const keys = this.#ready.get(lane);
    if (keys) keys.add(key);
    else this.#ready.set(lane, new Set([key]));
    this.#readyLane.set(key, lane);
    queueMicrotask(this.#onReady);
  }

  /** Deadlines that were overtaken stay in the heap until they are due; too many of them are thrown out. */
  #forgetLeftovers(): void {
    if (this.#heap.length <= 2 * this.#waiting.size + 64) return;
    const heap: Deadline[] = [];
    for (const [key, at] of this.#waiting) push(heap, { key, at });
    this.#heap = heap;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || (this.#timer && this.#timer.at <= first.at)) return;
    this.#timer?.cancel();
    const delay = Math.max(0, first.at - this.#clock.monotonic());
    // A timer of Node that is longer than 2^31 ms rings at once; this one rings early and is set again.
    const bounded = Math.min(delay, limits.timerMostMs);
    this.#timer = { at: first.at, cancel: this.#clock.after(bounded, () => this.#ring()) };
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

const oneLane: Lanes = { laneOf: () => "", most: Infinity };

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
