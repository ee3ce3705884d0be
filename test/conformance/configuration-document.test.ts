import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { krakeTable, settingTables, type Tables } from "./configuration-tables.ts";

/** docs/configuration.md says what the schemas say. */
const text = readFileSync(join(import.meta.dirname, "../../docs/configuration.md"), "utf8");

it("the tables of settings are those of the schemas, each under its process", () => {
  const documented = tablesOf(text);
  for (const [heading, rows] of Object.entries(settingTables())) {
    expect([heading, documented[heading] ?? []]).toEqual([heading, rows]);
  }
});

it("the table of Krake's keys is that of the translation", () => {
  expect(tablesOf(text)["Krake's keys"]).toEqual(krakeTable());
});

it("every setting says what it is", () => {
  const silent = Object.values(settingTables())
    .flat()
    .filter((cells) => cells.at(-1) === "")
    .map(([key]) => key);
  expect(silent).toEqual([]);
});

/** The rows below each heading, without the titles of the columns. */
function tablesOf(document: string): Tables {
  const sections = document.split(/^##+ /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => {
      const [heading = "", ...lines] = section.split("\n");
      const rows = lines.filter((line) => line.startsWith("|")).map(cellsOf);
      return [heading.trim(), rows.slice(2)];
    }),
  );
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}
