import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { pointAt } from "@octoplane/kinds/constraint-text";
import { parseLabelConstraint } from "@octoplane/kinds/label-constraint";
import { parseMetricConstraint } from "@octoplane/kinds/metric-constraint";

/** Every spelling that docs/placement.md shows in its tables is one. */

const page = readFileSync(new URL("../../docs/placement.md", import.meta.url), "utf8");

function spellings(title: string, column: number): readonly string[] {
  const section = page.split("\n## ").find((text) => text.startsWith(title)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.flatMap((row) =>
    [...(row.split("|")[column] ?? "").matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? ""),
  );
}

it.each([
  ["Label constraints", 1, parseLabelConstraint, 19],
  ["Metric constraints", 2, parseMetricConstraint, 25],
] as const)("the page's %s are read", (title, column, parse, least) => {
  const texts = spellings(title, column);
  expect(texts.length).toBeGreaterThanOrEqual(least);
  const refused = texts.flatMap((text) => {
    const parsed = parse(text);
    return parsed.ok ? [] : [pointAt(text, parsed)];
  });
  expect(refused).toEqual([]);
});
