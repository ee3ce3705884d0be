import { createHash } from "node:crypto";
import { seededRandom } from "@octoplane/shared/random";

/** A repeatable stream of chance. */
export interface Chance {
  /** In [from, to). */
  between(from: number, to: number): number;
  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Around zero, mostly within the width: the sum of three even ones. */
  noise(width: number): number;
}

/**
 * Every part of the world has a stream of its own, by the seed and its name: what one part draws never changes what
 * another one sees, so that two runs of a seed differ only in what they were told to do differently.
 */
export function chanceOf(seed: number, name: string): Chance {
  const digest = createHash("sha256").update(`${seed} ${name}`).digest();
  const random = seededRandom(digest.readUInt32LE());
  const between = (from: number, to: number): number => from + random.fraction() * (to - from);
  return {
    between,
    whole: (from, to) => from + Math.floor(random.fraction() * (to - from + 1)),
    happens: (probability) => random.fraction() < probability,
    pick: (items) => items[Math.floor(random.fraction() * items.length)]!,
    noise: (width) => ((between(-1, 1) + between(-1, 1) + between(-1, 1)) / 3) * width,
  };
}
