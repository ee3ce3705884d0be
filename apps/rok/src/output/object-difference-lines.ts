import type { FieldDifference, ObjectDifference } from "@octoplane/kinds/manifest-difference";
import { oneLine } from "./terminal-text.ts";

/** The difference between two manifests in words, the fields of an object below it. Pure. */
export function objectDifferenceLines(difference: readonly ObjectDifference[]): readonly string[] {
  if (difference.length === 0) return ["nothing is different"];
  return difference.flatMap(({ object, change, fields }) => [
    `${object} ${change}`,
    ...fields.map((field) => `  ${fieldLine(field)}`),
  ]);
}

/** One value that is different. Pure. */
export function fieldLine(field: FieldDifference): string {
  const before = "before" in field ? valueText(field.before) : undefined;
  const after = "after" in field ? valueText(field.after) : undefined;
  if (before === undefined) return `${field.path}: ${after} (new)`;
  return after === undefined
    ? `${field.path}: ${before} (gone)`
    : `${field.path}: ${before} -> ${after}`;
}

function valueText(value: unknown): string {
  return oneLine(typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 200);
}
