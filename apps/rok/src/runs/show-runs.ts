import { RunKind, type Run } from "@octoplane/kinds/run";
import { limits } from "@octoplane/shared/limits";
import { usageError } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { jsonLine, printTable, printValue } from "../output/print-resource.ts";
import { oneLine, plainText } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { csvOf, fieldTable, runFields } from "./compare-runs.ts";

/** Runs side by side, as a file, and away with those that are over. */

export interface ExportFlags {
  readonly application?: string;
  readonly format?: "csv" | "json";
}

export interface PruneFlags {
  readonly failed?: boolean;
  readonly keep?: number;
}

export async function compareRuns({ args, session }: Call<object>): Promise<void> {
  const names = args.filter((name) => name !== undefined);
  if (names.length < 2) throw usageError("expected two runs or more");
  const client = (await session.client()).of(RunKind);
  const namespace = await session.namespace();
  const runs = await Promise.all(names.map((name) => client.get({ namespace, name })));
  if (session.output !== "table") return await printValue(session, runs.map(runFields));
  const { names: fields, rows } = fieldTable(runs);
  const sides = fields
    .map((field, index) => [field, ...rows.map((row) => oneLine(row[index] ?? ""))])
    .filter(([, ...values]) => values.some((value) => value !== ""));
  printTable(session, {
    titles: ["", ...names],
    rows: sides
      .slice(1)
      .map((side) => [differs(side.slice(1)) ? `* ${side[0]}` : `  ${side[0]}`, ...side.slice(1)]),
  });
}

function differs(values: readonly string[]): boolean {
  return new Set(values).size > 1;
}

/** To the standard output, oldest first: a table for spreadsheets, or one JSON object a line. */
export async function exportRuns({ options, session }: Call<ExportFlags>): Promise<void> {
  const runs = await runsOf(session, options.application);
  if (options.format === "json") {
    for (const run of runs) session.io.out(`${jsonLine(runFields(run))}\n`);
    return;
  }
  const { names, rows } = fieldTable(runs);
  session.io.out(csvOf([names, ...rows].map((row) => row.map(plainText))));
}

/** The runs of an application that are over, but for the last few; with them their Jobs. */
export async function pruneRuns({ args, options, session }: Call<PruneFlags>): Promise<void> {
  const runs = await runsOf(session, args[0] ?? "");
  const over = runs.filter(
    ({ status: { state } }) =>
      state === "FAILED" || (options.failed !== true && state === "COMPLETED"),
  );
  const going = over.slice(0, over.length - (options.keep ?? 0));
  const client = (await session.client()).of(RunKind);
  for (const { metadata } of going) {
    await client.remove({ namespace: metadata.namespace ?? "", name: metadata.name });
    session.note(`deleted run ${metadata.name}`);
  }
  if (going.length === 0) session.note("there is no run that is over");
}

/** Of one application or of all, oldest first. */
async function runsOf(session: Session, application?: string): Promise<readonly Run[]> {
  const client = (await session.client()).of(RunKind);
  const { items } = await client.list({
    namespace: await session.namespace(),
    pageSize: limits.rokPageMax,
    ...(application === undefined ? {} : { fieldSelector: `spec.application=${application}` }),
  });
  return items.toSorted((a, b) => (a.metadata.created < b.metadata.created ? -1 : 1));
}
