/** What was made of texts, for those that were asked for latest. Memory only, with no say in what comes out. */
export class LatestKept<V> {
  readonly #kept = new Map<string, V>();
  readonly #most: number;
  readonly #make: (text: string) => V;

  constructor(most: number, make: (text: string) => V) {
    this.#most = most;
    this.#make = make;
  }

  of(text: string): V {
    const found = this.#kept.get(text) ?? this.#make(text);
    this.#kept.delete(text);
    this.#kept.set(text, found);
    if (this.#kept.size > this.#most) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return found;
  }
}
