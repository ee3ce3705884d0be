import type { Figures } from "./figures.ts";
import { simulate, type SimulationOptions } from "./simulate.ts";

/** The same world twice: with policies as they are, and without whatever in them holds a move. */
export interface Comparison {
  readonly calm: Figures;
  readonly restless: Figures;
}

export function compare(options: Omit<SimulationOptions, "isCalm" | "isSelective">): Comparison {
  return {
    calm: simulate({ ...options, isCalm: true, isSelective: true }),
    restless: simulate({ ...options, isCalm: false, isSelective: true, checksWaking: false }),
  };
}

/** Part of the moves of applications with a policy that calm leaves over, at most; mostly it is about half. */
const movesLeftMost = 0.75;
/** Of fewer moves chance decides how many calm saves. */
const movesTold = 100;
/** What calm may cost them of their score, from 0 to 1: about half of the gains below which they do not move. */
const calmCostMost = 0.04;
/** How far from the best place they are, at most. */
const regretMost = 0.1;

/** What two runs show that must not be, in words; nothing when all is well. */
export function findings({ calm, restless }: Comparison): readonly string[] {
  const left = calm.movesOfPolicies / Math.max(1, restless.movesOfPolicies);
  const cost = calm.regretOfPolicies - restless.regretOfPolicies;
  return [
    ...calm.broken,
    ...restless.broken.map((what) => `without calm: ${what}`),
    ...(left <= movesLeftMost || restless.movesOfPolicies < movesTold
      ? []
      : [`calm leaves ${percent(left)} of the moves`]),
    ...(cost <= calmCostMost ? [] : [`calm costs ${cost.toFixed(3)} of the score`]),
    ...[calm, restless].flatMap(({ regret }) =>
      regret <= regretMost ? [] : [`applications are ${regret.toFixed(3)} from the best place`],
    ),
    ...brakeFindings(calm),
  ];
}

/** The brake came with every outage, and ended; and what had to move, moved then. */
function brakeFindings({ outages, brakes, afterBrake }: Figures): readonly string[] {
  return outages.flatMap(({ from, to }) => {
    const index = brakes.findIndex((brake) => brake.from >= from && brake.from <= from + 2);
    const brake = brakes[index];
    if (!brake) return [`no brake in the outage from minute ${from}`];
    const late = Math.min(to, from + 12);
    return [
      ...(brake.to <= late + 1 ? [] : [`the brake of minute ${from} was on until ${brake.to}`]),
      ...((afterBrake[index] ?? 0) > 0 ? [] : [`nothing moved after the brake of minute ${from}`]),
    ];
  });
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
