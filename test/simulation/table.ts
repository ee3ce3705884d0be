import { percent, type Comparison } from "./compare.ts";
import type { Figures } from "./figures.ts";

/** What two runs came to, beside each other. */
export function tableOf({ calm, restless }: Comparison): string {
  const rows: readonly (readonly [string, (figures: Figures) => string])[] = [
    ["applications placed", ({ placements }) => String(placements)],
    ["moves", ({ moves }) => String(moves)],
    ["  for a better score", ({ byReason }) => String(byReason["Best"] ?? 0)],
    [
      "  because the cluster no longer fits",
      ({ byReason }) => String(byReason["CurrentNoLongerFits"] ?? 0),
    ],
    ["  back from where it failed", ({ byReason }) => String(byReason["MigrationFailed"] ?? 0)],
    ["  of applications with a policy", ({ movesOfPolicies }) => String(movesOfPolicies)],
    ["  in any hour: of all", ({ most }) => String(most.fleet)],
    ["  in any hour: out of or into one cluster", ({ most }) => String(most.cluster)],
    ["  in any hour: of one application", ({ most }) => String(most.application)],
    ["  of the one that moved most", ({ mostOfOne }) => String(mostOfOne)],
    ["  in the hour after the brake", ({ afterBrake }) => afterBrake.join(", ")],
    ["without a healthy copy, app-minutes", ({ downMinutes }) => downMinutes.toFixed(0)],
    [
      "  the longest that need not have been, minutes",
      ({ longestMinutes }) => longestMinutes.toFixed(1),
    ],
    ["copies missing, copy-minutes", ({ missingMinutes }) => missingMinutes.toFixed(0)],
    ["regret", ({ regret }) => regret.toFixed(4)],
    ["  of applications with a policy", ({ regretOfPolicies }) => regretOfPolicies.toFixed(4)],
    ["decisions", ({ decisions }) => String(decisions)],
    ["  moves found a step late", ({ late }) => String(late)],
    ["broken promises", ({ broken }) => String(broken.length)],
  ];
  const saved = 1 - calm.movesOfPolicies / Math.max(1, restless.movesOfPolicies);
  const cost = calm.regretOfPolicies - restless.regretOfPolicies;
  const lines = rows.map(([name, cell]) => line(name, cell(calm), cell(restless)));
  return [
    line(`seed ${calm.seed}, days: ${calm.days}`, "calm", "without"),
    ...lines,
    `calm saves ${percent(saved)} of the moves for ${cost.toFixed(4)} of the score`,
  ].join("\n");
}

function line(name: string, calm: string, without: string): string {
  return `${name.padEnd(48)}${calm.padStart(10)}${without.padStart(10)}`;
}
