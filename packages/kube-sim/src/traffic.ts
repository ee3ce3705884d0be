/** One request, as it arrives. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
}

/** Tells of every request to one cluster, so that tests can count what reaches it. */
export class Traffic {
  readonly #listeners = new Set<(arrival: Arrival) => void>();

  /** Hears of every request from now on; the returned function ends it. */
  listen(listener: (arrival: Arrival) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(arrival: Arrival): void {
    for (const listener of this.#listeners) listener(arrival);
  }
}
