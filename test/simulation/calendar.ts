import { chanceOf } from "./chance.ts";
import type { FleetPlan } from "./fleet-plan.ts";

/** What goes wrong in the simulated time, and what people do to clusters: from one minute of it to another. */

export type Trouble =
  /** `dead`: nothing runs there. `cut`: everything runs, and nobody reaches it. */
  | { readonly kind: "dead" | "cut"; readonly target: string }
  /** `down`: no answer. `wild`: numbers out of range. `late`: of half an hour ago. */
  | { readonly kind: "down" | "wild" | "late"; readonly target: string }
  | { readonly kind: "cordon" | "drain" | "repair" | "closed"; readonly target: string };

export type Entry = Trouble & { readonly from: number; readonly to: number };

export interface Calendar {
  readonly entries: readonly Entry[];
  /** The network that is broken for a third of the clusters at once. */
  readonly outages: readonly { readonly from: number; readonly to: number }[];
  /** When the scheduler is started anew. */
  readonly restarts: readonly number[];
}

export function planCalendar(
  seed: number,
  days: number,
  { clusters, providers }: FleetPlan,
): Calendar {
  const chance = chanceOf(seed, "calendar");
  const names = clusters.map(({ cluster }) => cluster.metadata.name);
  const entries: Entry[] = [];
  const outages: { from: number; to: number }[] = [];
  const restarts: number[] = [];
  for (let day = 0; day < days; day += 1) {
    const at = (from: number, to: number): number => day * 1_440 + chance.whole(from, to);
    const outage = { from: at(300, 1_100), to: 0 };
    // One that ends before the brake does, and one that does not.
    outage.to = outage.from + (chance.happens(0.5) ? chance.whole(4, 8) : chance.whole(15, 40));
    outages.push(outage);
    const shuffled = shuffle(names, (most) => chance.whole(0, most));
    const cut = shuffled.slice(0, Math.ceil(names.length * 0.4));
    // The first of them vanish a minute before it is enough for the brake.
    cut.forEach((target, index) =>
      entries.push({ kind: "cut", target, from: outage.from + (index < 3 ? 0 : 1), to: outage.to }),
    );
    const others = shuffled.slice(cut.length);
    for (let count = 0; count < 8; count += 1) {
      const from = at(60, 1_380);
      entries.push({
        kind: "dead",
        target: chance.pick(others),
        from,
        to: from + chance.whole(3, 120),
      });
    }
    for (let count = 0; count < 8; count += 1) {
      const from = at(60, 1_350);
      const kind = chance.pick(["cordon", "drain", "repair", "closed"] as const);
      entries.push({ kind, target: chance.pick(names), from, to: from + chance.whole(20, 150) });
    }
    for (const target of providers) {
      for (let count = chance.whole(1, 3); count > 0; count -= 1) {
        const from = at(20, 1_400);
        const kind = chance.pick(["down", "down", "wild", "late"] as const);
        entries.push({ kind, target, from, to: from + chance.whole(1, 40) });
      }
    }
    restarts.push(at(100, 1_400), outage.from + 3);
  }
  return { entries, outages, restarts };
}

/** What is true of a target at a minute of the simulated time. */
export class CalendarView {
  readonly #byTarget = new Map<string, readonly Entry[]>();

  constructor({ entries }: Calendar) {
    for (const entry of entries) {
      this.#byTarget.set(entry.target, [...(this.#byTarget.get(entry.target) ?? []), entry]);
    }
  }

  has(kind: Entry["kind"], target: string, minute: number): boolean {
    return (this.#byTarget.get(target) ?? []).some(
      (entry) => entry.kind === kind && entry.from <= minute && minute < entry.to,
    );
  }
}

function shuffle<T>(items: readonly T[], whole: (most: number) => number): readonly T[] {
  const left = [...items];
  return items.map(() => left.splice(whole(left.length - 1), 1)[0]!);
}
