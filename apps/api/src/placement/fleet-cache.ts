import { decodeFleet, decodeItem, type Decoded, type Fleet } from "@octoplane/placement/fleet";
import { readNewestFleet, type FleetMoment } from "@octoplane/resources/fleet-history";
import type { Resources } from "@octoplane/resources/resources";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { turnsOf, type Turns } from "./long-work.ts";

/** A fleet as the scheduler wrote it down last. */
export interface NewestFleet {
  readonly moment: FleetMoment;
  readonly fleet: Fleet;
}

/**
 * The newest fleet of each namespace that somebody asked about: what was folded and decoded is kept, so that the next question
 * costs what has changed.
 */
export class FleetCache {
  readonly #store: Resources["parts"]["store"];
  readonly #clock: Clock;
  /** Those asked for last stand last. */
  readonly #known = new Map<string, NewestFleet>();
  readonly #reading = new Map<string, Promise<NewestFleet | undefined>>();
  readonly #decoded: Decoded = new WeakMap();

  constructor({ store, clock }: Pick<Resources["parts"], "store" | "clock">) {
    this.#store = store;
    this.#clock = clock;
  }

  /** `undefined` when no scheduler has written any. */
  async newest(namespace: string): Promise<NewestFleet | undefined> {
    let reading = this.#reading.get(namespace);
    if (!reading) {
      reading = this.#read(namespace).finally(() => this.#reading.delete(namespace));
      this.#reading.set(namespace, reading);
    }
    return await reading;
  }

  async #read(namespace: string): Promise<NewestFleet | undefined> {
    const known = this.#known.get(namespace);
    const moment = await readNewestFleet(this.#store, namespace, known?.moment);
    this.#known.delete(namespace);
    if (moment === undefined) return undefined;
    const isSame = moment === known?.moment;
    const newest = isSame
      ? known
      : { moment, fleet: await decodeInTurns(moment.state, this.#decoded, turnsOf(this.#clock)) };
    this.#known.set(namespace, newest);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= limits.fleetsKnownMax) break;
      this.#known.delete(oldest);
    }
    return newest;
  }
}

/** Thousands of clusters are decoded in slices, so that other requests have their turn. */
export async function decodeInTurns(
  state: FleetMoment["state"],
  known: Decoded,
  turns: Turns,
): Promise<Fleet> {
  for (const plain of state.values()) {
    decodeItem(plain, known);
    await turns.next();
  }
  return decodeFleet(state, known);
}
