import type { Application } from "@octoplane/kinds/application";
import type { Move } from "@octoplane/kinds/placement-choice";
import type { CalmFacts } from "@octoplane/placement/calm";
import { RollingCount } from "./rolling-count.ts";

/** Moves in any hour: of one application, out of or into one cluster, of all applications. */
export interface MovesPerHour {
  readonly application: number;
  readonly cluster: number;
  readonly fleet: number;
}

const hourMs = 3_600_000;

/** Who moved, and when: the same move whether it is reserved, committed, or read from a status after a restart. */
interface Counted {
  readonly move: Move;
  /** True until the feed shows it. */
  readonly isReserved: boolean;
}

interface Counts {
  /** By namespace and name of the cluster. */
  readonly byPlace: Map<string, RollingCount>;
  /** Those that may have no move left. */
  readonly busy: Set<string>;
}

/**
 * All moves of the last hour, as they stand in the applications' status, and those that are about to be written there. One that is
 * decided on is reserved before anything is awaited, so that thousands of decisions at once cannot spend the same one.
 */
export class MoveBook {
  readonly #limits: MovesPerHour;
  readonly #fleet = new RollingCount(hourMs);
  readonly #leaving: Counts = { byPlace: new Map(), busy: new Set() };
  readonly #arriving: Counts = { byPlace: new Map(), busy: new Set() };
  readonly #counted = new Map<string, Map<string, Counted>>();

  constructor(limits: MovesPerHour) {
    this.#limits = limits;
  }

  /** What the status of an application says of its moves. */
  put(key: string, app: Application, now: number): void {
    const { moves } = app.status;
    if (moves === undefined && !this.#counted.has(key)) return;
    const own = this.#of(key);
    for (const move of moves ?? []) {
      const isOld = Date.parse(move.time) <= now - hourMs;
      if (isOld) continue;
      if (!own.has(identityOf(move))) this.#count(key, move, 1);
      own.set(identityOf(move), { move, isReserved: false });
    }
    for (const [identity, { move }] of own) {
      if (Date.parse(move.time) <= now - hourMs) own.delete(identity);
    }
    if (own.size === 0) this.#counted.delete(key);
  }

  /** The application has gone; its moves were made all the same. */
  forget(key: string): void {
    this.#counted.delete(key);
  }

  reserve(key: string, move: Move): void {
    const own = this.#of(key);
    if (own.has(identityOf(move))) return;
    own.set(identityOf(move), { move, isReserved: true });
    this.#count(key, move, 1);
  }

  /** What was reserved was not written. */
  giveBack(key: string, move: Move): void {
    const own = this.#counted.get(key);
    const counted = own?.get(identityOf(move));
    if (own === undefined || counted?.isReserved !== true) return;
    own.delete(identityOf(move));
    if (own.size === 0) this.#counted.delete(key);
    this.#count(key, counted.move, -1);
  }

  /** The budgets of all, for applications of one namespace. */
  factsOf(
    namespace: string,
    now: number,
  ): Pick<CalmFacts, "movesPerHour" | "fleetFullUntil" | "leavingFullUntil" | "arrivingFullUntil"> {
    return {
      movesPerHour: this.#limits.application,
      fleetFullUntil: this.#fleet.fullUntil(this.#limits.fleet, now) ?? null,
      leavingFullUntil: this.#full(this.#leaving, namespace, now),
      arrivingFullUntil: this.#full(this.#arriving, namespace, now),
    };
  }

  /** Moves of the last hour. */
  total(now: number): number {
    return this.#fleet.count(now);
  }

  /** Only places that were full a while ago are looked at: this is asked for every decision. */
  #full(counts: Counts, namespace: string, now: number): Readonly<Record<string, number>> {
    const full: [string, number][] = [];
    for (const place of counts.busy) {
      const until = counts.byPlace.get(place)?.fullUntil(this.#limits.cluster, now);
      if (until === undefined) counts.busy.delete(place);
      else if (place.startsWith(`${namespace}/`)) {
        full.push([place.slice(namespace.length + 1), until]);
      }
    }
    return Object.fromEntries(full);
  }

  #of(key: string): Map<string, Counted> {
    let own = this.#counted.get(key);
    if (!own) this.#counted.set(key, (own = new Map()));
    return own;
  }

  #count(key: string, { time, from, to }: Move, sign: 1 | -1): void {
    const namespace = key.slice(0, key.indexOf("/"));
    const at = Date.parse(time);
    for (const [{ byPlace, busy }, name] of [
      [this.#leaving, from],
      [this.#arriving, to],
    ] as const) {
      const place = `${namespace}/${name}`;
      let count = byPlace.get(place);
      if (!count) byPlace.set(place, (count = new RollingCount(hourMs)));
      if (sign === -1) count.remove(at);
      else if (count.add(at) >= this.#limits.cluster) busy.add(place);
    }
    if (sign === 1) this.#fleet.add(at);
    else this.#fleet.remove(at);
  }
}

/** Among the moves of one application; two within a millisecond still go to different clusters. */
function identityOf({ time, from, to }: Move): string {
  return `${time} ${from} ${to}`;
}
