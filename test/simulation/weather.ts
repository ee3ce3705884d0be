import { chanceOf } from "./chance.ts";
import { regions, type FleetPlan } from "./fleet-plan.ts";

interface Walk {
  readonly name: string;
  /** How often there is another number. */
  readonly minutes: number;
  readonly offset: number;
  next(hour: number): number;
}

/** The true numbers of the world: prices that follow the day, loads that wander, the carbon of each region's electricity. */
export class Weather {
  readonly #walks: readonly Walk[];
  readonly #values = new Map<string, number>();

  constructor(seed: number, { clusters }: FleetPlan) {
    const base = chanceOf(seed, "weather");
    const peaks = new Map(regions.map((region) => [region, base.between(0, 24)]));
    this.#walks = [
      ...clusters.flatMap(({ cluster, region }) => {
        const { name } = cluster.metadata;
        const peak = peaks.get(region)!;
        return [
          this.#walk(seed, `price-${name}`, {
            middle: base.between(0.35, 0.65),
            swing: 0.2,
            peak,
            step: 0.006,
            noise: 0.04,
            most: 1,
            minutes: 30,
          }),
          this.#walk(seed, `load-${name}`, {
            middle: base.between(0.3, 0.6),
            swing: 0.1,
            peak: base.between(0, 24),
            step: 0.02,
            noise: 0.06,
            most: 1,
            minutes: 10,
          }),
        ];
      }),
      ...regions.map((region) =>
        this.#walk(seed, `carbon-${region}`, {
          middle: base.between(150, 450),
          swing: 150,
          peak: base.between(0, 24),
          step: 4,
          noise: 15,
          most: 800,
          minutes: 15,
        }),
      ),
    ];
  }

  /** Lets the world go on to this minute; to be called for each step once. */
  advance(minute: number): void {
    for (const { name, minutes, offset, next } of this.#walks) {
      const isDue = (minute + offset) % minutes === 0;
      if (isDue || !this.#values.has(name)) this.#values.set(name, next(minute / 60));
    }
  }

  /** By the name of a metric; `undefined` for what clusters measure of themselves. */
  value(metric: string): number | undefined {
    return this.#values.get(metric);
  }

  #walk(
    seed: number,
    name: string,
    of: Readonly<
      Record<"middle" | "swing" | "peak" | "step" | "noise" | "most" | "minutes", number>
    >,
  ): Walk {
    const chance = chanceOf(seed, `walk ${name}`);
    let drift = 0;
    const next = (hour: number): number => {
      // Drawn back to the middle, so that a walk of many days stays where it began.
      drift = drift * 0.995 + chance.noise(of.step * 3);
      const daily = of.swing * Math.cos(((hour - of.peak) / 24) * 2 * Math.PI);
      const value = of.middle + daily + drift + chance.noise(of.noise);
      // As providers give them: with a few digits.
      return Number(Math.min(of.most, Math.max(0, value)).toFixed(4));
    };
    return { name, minutes: of.minutes, offset: chance.whole(0, of.minutes - 1), next };
  }
}
