import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";

interface Entry {
  repairs: number;
  last: number;
}

/**
 * How often an object is put right again. The first repairs are made at once; somebody who undoes each of them (a webhook,
 * an autoscaler) is answered later and later, instead of in a loop as fast as the network.
 */
export class RepairPace {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 0: repair it now, which is counted. Else the milliseconds until it may be repaired. */
  ask(id: string): number {
    const now = this.#clock.monotonic();
    this.#forget(now);
    const entry = this.#entries.get(id) ?? { repairs: 0, last: now };
    const wait = entry.last + delayAfter(entry.repairs) - now;
    if (wait > 0) return wait;
    this.#entries.set(id, { repairs: entry.repairs + 1, last: now });
    return 0;
  }

  #forget(now: number): void {
    for (const [id, { last }] of this.#entries) {
      if (now - last >= limits.repairQuietMs) this.#entries.delete(id);
    }
  }
}

function delayAfter(repairs: number): number {
  if (repairs < limits.repairsFreeMax) return 0;
  const grown = limits.repairFirstMs * 2 ** Math.min(repairs - limits.repairsFreeMax, 30);
  return Math.min(limits.repairMostMs, grown);
}
