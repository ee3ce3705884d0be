import type { Explanation, Obstacle, Shift } from "@octoplane/kinds/explanation";
import { nameOf, numberText } from "./decision-text.ts";
import { layoutTable, type Layout } from "./table.ts";
import { oneLine } from "./terminal-text.ts";

/** What would have to change for an application to move, or to fit at all, as lines below its explanation. Pure. */
export function changeLines(explanation: Explanation, layout: Layout): readonly string[] {
  const { shifts, obstacles, hints, decision } = explanation;
  return [
    ...(hints.length === 0 ? [] : ["", ...hints.map(({ message }) => oneLine(message))]),
    ...shiftLines(shifts, layout),
    ...obstacleLines(obstacles, decision?.outcome === "unplaceable", layout),
  ];
}

/** Each line is one change that would be enough by itself. */
function shiftLines(shifts: readonly Shift[], layout: Layout): readonly string[] {
  if (shifts.length === 0) return [];
  const rows = shifts.map((shift) => [
    nameOf(shift.to),
    oneLine(shift.metric),
    nameOf(shift.cluster),
    numberText(shift.raw_needed === null ? shift.value : shift.raw),
    neededText(shift),
  ]);
  const titles = ["cluster", "metric", "of", "now", "needed"];
  return ["", "it would move if one of these changed", ...layoutTable({ titles, rows }, layout)];
}

function neededText({ value, needed, raw, raw_needed: rawNeeded }: Shift): string {
  if (rawNeeded === null) return `${numberText(needed)} (normalised)`;
  const direction =
    rawNeeded > raw || (rawNeeded === raw && needed > value) ? "or more" : "or less";
  return `${numberText(rawNeeded)} ${direction}`;
}

function obstacleLines(
  obstacles: readonly Obstacle[],
  isUnplaceable: boolean,
  layout: Layout,
): readonly string[] {
  if (obstacles.length === 0) return [];
  const title = isUnplaceable
    ? "it would be placed if one of these clusters changed, the nearest first"
    : "it would fit on these clusters if they changed, the nearest first";
  const rows = obstacles.map(({ cluster, alone, needs }) => [
    nameOf(cluster),
    alone === null ? `${needs.length} things` : `only ${oneLine(alone)}`,
    needs.map(({ message }) => oneLine(message)).join("; "),
  ]);
  const table = { titles: ["cluster", "in the way", "what"], rows };
  return ["", title, ...layoutTable(table, layout)];
}
