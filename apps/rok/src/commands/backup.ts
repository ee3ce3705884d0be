import { resolve } from "node:path";
import type { Command } from "commander";
import { exitStatus } from "../exit-status.ts";
import { leaf, type Run } from "../leaf.ts";
import { layoutTable } from "../output/table.ts";
import { plainText } from "../output/terminal-text.ts";

/** `rok backup` and `rok restore`: everything that a server has stored, to a file and back. */
export function addBackupCommands(run: Run, parent: Command): void {
  leaf(run, parent, {
    usage: "backup <file>",
    about: 'write everything that the server has stored to a file ("-": standard output)',
    async act({ args, session }) {
      const { takeBackup } = await import("../backup/take-backup.ts");
      const target = args[0] ?? "";
      const { header, trailer, unreadable } = await takeBackup(
        await session.client(),
        target,
        session.io,
      );
      session.note(
        `${trailer.records} records at revision ${header.revision}; ` +
          `sealed with ${header.sealing_keys.join(", ")}: keep that key, and not beside the backup`,
      );
      for (const key of unreadable) {
        session.note(`rok: ${plainText(key)} is damaged in the store and not in the backup`);
      }
      return unreadable.length > 0 ? exitStatus.failed : exitStatus.ok;
    },
  });
  leaf<{ readonly replace?: boolean; readonly dryRun?: boolean }>(run, parent, {
    usage: "restore <file>",
    about: "store what a backup holds; all of it is checked before anything is written",
    flags: (command) =>
      command
        .option("--replace", "what is there gives way")
        .option("--dry-run", "check everything and write nothing"),
    async act({ args, options, session }) {
      const [{ restoreBackup }, { printLines, printValue }] = await Promise.all([
        import("../backup/restore-backup.ts"),
        import("../output/print-resource.ts"),
      ]);
      const name = args[0] ?? "";
      const { io } = session;
      const client = await session.client();
      const { header, results } = await restoreBackup(
        { client, io, name, path: resolve(io.cwd, name), replace: options.replace === true },
        { dryRun: options.dryRun === true },
      );
      session.note(
        `a backup of ${plainText(header.created)}, revision ${plainText(header.revision)}`,
      );
      if (options.dryRun === true) session.note("a dry run: nothing was written");
      if (session.output !== "table") return await printValue(session, results);
      const titles = ["kind", "created", "replaced", "unchanged"];
      const rows = countsOf(results, ["created", "replaced", "unchanged"]);
      printLines(session, layoutTable({ titles, rows }, session.layout));
    },
  });
}

/** One row for each kind, in the order in which they came. */
function countsOf(
  results: readonly { readonly key: string; readonly result: string }[],
  columns: readonly string[],
): readonly (readonly string[])[] {
  const rows = new Map<string, Map<string, number>>();
  for (const { key, result } of results) {
    const plural = plainText(key.split("/")[3] ?? "");
    const row = rows.get(plural) ?? new Map<string, number>();
    row.set(result, (row.get(result) ?? 0) + 1);
    rows.set(plural, row);
  }
  return [...rows].map(([plural, row]) => [
    plural,
    ...columns.map((column) => String(row.get(column) ?? 0)),
  ]);
}
