/** How many moments lie in the last so many milliseconds. Moments come mostly in order, and leave by growing old. */
export class RollingCount {
  readonly #spanMs: number;
  /** In order. */
  #times: number[] = [];

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  /** How many there are after it; among them may be some that have grown old meanwhile. */
  add(time: number): number {
    this.#forget(Math.max(time, this.#times.at(-1) ?? time));
    let place = this.#times.length;
    while (place > 0 && this.#times[place - 1]! > time) place -= 1;
    this.#times.splice(place, 0, time);
    return this.#times.length;
  }

  remove(time: number): void {
    const place = this.#times.lastIndexOf(time);
    if (place >= 0) this.#times.splice(place, 1);
  }

  count(now: number): number {
    this.#forget(now);
    return this.#times.length;
  }

  /** When there are fewer than `most` again; `undefined` when there are now. `most` is 1 at least. */
  fullUntil(most: number, now: number): number | undefined {
    const count = this.count(now);
    if (count < most) return undefined;
    return this.#times[count - most]! + this.#spanMs;
  }

  #forget(now: number): void {
    let old = 0;
    while (old < this.#times.length && this.#times[old]! <= now - this.#spanMs) old += 1;
    if (old > 0) this.#times = this.#times.slice(old);
  }
}
