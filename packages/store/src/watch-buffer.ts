/**
 * Between a source that pushes and a reader that pulls. Bounded by its owner: `onFull` asks the
 * source to stop, `onRoom` to go on; what was already on its way when it was asked is still taken,
 * nothing is dropped.
 */
export class WatchBuffer<T> {
  readonly #items: { readonly item: T; readonly weight: number }[] = [];
  readonly #options: WatchBufferOptions;
  #weight = 0;
  #isFull = false;
  #end: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(options: WatchBufferOptions) {
    this.#options = options;
  }

  push(item: T, weight: number): void {
    if (this.#end) return;
    this.#items.push({ item, weight });
    this.#weight += weight;
    if (!this.#isFull && this.#weight >= this.#options.most) {
      this.#isFull = true;
      this.#options.onFull();
    }
    this.#wake?.();
  }

  /** No more comes: the reader gets what is there and then the error, or the end. */
  finish(error?: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** The next item; undefined at the end. One reader at a time. */
  async next(): Promise<T | undefined> {
    while (this.#items.length === 0) {
      if (this.#end) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const { item, weight } = this.#items.shift()!;
    this.#weight -= weight;
    if (this.#isFull && this.#weight <= this.#options.most / 2) {
      this.#isFull = false;
      this.#options.onRoom();
    }
    return item;
  }
}

export interface WatchBufferOptions {
  /** Weight at which the source is asked to stop; at half of it, to go on. */
  readonly most: number;
  readonly onFull: () => void;
  readonly onRoom: () => void;
}
