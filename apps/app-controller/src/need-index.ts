/** Who waits for whom: an application that changes its state wakes those that need it. */
export class NeedIndex {
  readonly #needs = new Map<string, readonly string[]>();
  readonly #waiting = new Map<string, Set<string>>();
  readonly #states = new Map<string, string>();

  /** What an application needs from now on, by key. */
  set(key: string, needs: readonly string[]): void {
    for (const need of this.#needs.get(key) ?? []) {
      const waiting = this.#waiting.get(need);
      waiting?.delete(key);
      if (waiting?.size === 0) this.#waiting.delete(need);
    }
    if (needs.length === 0) this.#needs.delete(key);
    else this.#needs.set(key, needs);
    for (const need of needs) {
      const waiting = this.#waiting.get(need) ?? new Set();
      this.#waiting.set(need, waiting.add(key));
    }
  }

  /** Who is to look again now that an application has this state; nobody when it had it already. "" when it has gone. */
  waitingFor(key: string, state: string): readonly string[] {
    if (this.#states.get(key) === state) return [];
    if (state === "") this.#states.delete(key);
    else this.#states.set(key, state);
    return [...(this.#waiting.get(key) ?? [])];
  }
}
