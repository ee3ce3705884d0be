import type { Command } from "commander";
import { leaf, type Run } from "../leaf.ts";
import { oneLine } from "../output/terminal-text.ts";

/** `rok bootstrap`: what a new system begins with, from files. */
export function addBootstrapCommand(run: Run, parent: Command): void {
  leaf<{ readonly force?: boolean; readonly dryRun?: boolean }>(run, parent, {
    usage: "bootstrap <files...>",
    about:
      'store roles, bindings, metrics and providers from files ("-": standard input), all or none',
    flags: (command) =>
      command
        .option("-f, --force", "replace those that are there")
        .option("--dry-run", "check everything, store nothing"),
    async act({ args, options, session }) {
      const [{ readManifestFiles }, { withDocumentPlaces }, { printTable, printValue }] =
        await Promise.all([
          import("../input/manifest-files.ts"),
          import("../objects/document-places.ts"),
          import("../output/print-resource.ts"),
        ]);
      const paths = args.filter((path) => path !== undefined);
      const read = await readManifestFiles(paths, session.io, (text) => session.note(text));
      const client = await session.client();
      const results = await client
        .bootstrap(read.documents, {
          force: options.force === true,
          dryRun: options.dryRun === true,
        })
        .catch((error: unknown) => {
          throw withDocumentPlaces(error, read);
        });
      if (session.output !== "table") return await printValue(session, results);
      const rows = results.map(({ result, kind, namespace, name }) =>
        [result, kind, namespace ?? "", name].map(oneLine),
      );
      const titles = ["result", "kind", "namespace", "name"];
      printTable(session, { titles, rows });
    },
  });
}
