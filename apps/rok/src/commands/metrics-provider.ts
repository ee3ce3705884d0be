import { Option, type Command } from "commander";
import type { AnyKind } from "@octoplane/kinds/kind";
import { changeProvider, newProvider, type ProviderFlags } from "../change-provider.ts";
import { usageError } from "../exit-status.ts";
import { leaf, type Run } from "../leaf.ts";
import { collectPair } from "../option-values.ts";
import { addDelete, addGet, addList, refOf, type LazyKind } from "./resource.ts";

const providers: LazyKind = {
  noun: "metrics provider",
  namespaced: true,
  load: () => loadKind("MetricsProviderKind"),
};

const globalProviders: LazyKind = {
  noun: "global metrics provider",
  namespaced: false,
  load: () => loadKind("GlobalMetricsProviderKind"),
};

async function loadKind(
  name: "MetricsProviderKind" | "GlobalMetricsProviderKind",
): Promise<AnyKind> {
  const [{ anyKind }, kinds] = await Promise.all([
    import("@octoplane/kinds/kind"),
    import("@octoplane/kinds/metrics-provider"),
  ]);
  return anyKind(kinds[name]);
}

/** `rok core metricsprovider …` and `rok core globalmetricsprovider …` */
export function addMetricsProviderCommands(run: Run, parent: Command): void {
  const local = parent
    .command("metricsprovider")
    .alias("mp")
    .description("where values of metrics come from, for one namespace");
  addCommands(run, local, providers);
  const global = parent
    .command("globalmetricsprovider")
    .alias("gmp")
    .description("where values of metrics come from, for every namespace");
  addCommands(run, global, globalProviders);
}

function addCommands(run: Run, parent: Command, kind: LazyKind): void {
  addList(run, parent, kind);
  addGet(run, parent, kind);
  leaf<ProviderFlags>(run, parent, {
    usage: "create <name>",
    about: `create a ${kind.noun}`,
    flags: (command) => {
      const type = new Option("--type <type>", "what it is").makeOptionMandatory();
      command.addOption(type.choices(["prometheus", "influx", "kafka", "static"]));
      providerFlags(command);
    },
    async act({ args, options, session }) {
      const spec = newProvider(options);
      const [loaded, { printOne }] = [await kind.load(), await import("../print-resource.ts")];
      const objects = (await session.client()).of(loaded);
      const namespace = kind.namespaced ? await session.namespace() : undefined;
      const draft = { metadata: { name: args[0] ?? "" }, spec };
      await printOne(session, loaded, await objects.create(draft, namespace));
    },
  });
  leaf<ProviderFlags>(run, parent, {
    usage: "update <name>",
    about: "change what is named, and nothing else",
    flags: (command) => {
      providerFlags(command);
      command.option("--remove-existing-metrics", "static: remove all metrics first");
    },
    async act({ args, options, session }) {
      if (Object.keys(options).length === 0) {
        throw usageError("nothing to change: name at least one flag");
      }
      const [{ printOne }, { updateResource }] = await Promise.all([
        import("../print-resource.ts"),
        import("../update-resource.ts"),
      ]);
      const loaded = await kind.load();
      const objects = (await session.client()).of(loaded);
      const ref = await refOf(session, kind, args[0]);
      const updated = await updateResource(objects, ref, (provider) => ({
        ...provider,
        spec: changeProvider(provider["spec"] as Parameters<typeof changeProvider>[0], options),
      }));
      await printOne(session, loaded, updated);
    },
  });
  addDelete(run, parent, kind);
}

function providerFlags(command: Command): void {
  command
    .option("--url <url>", "prometheus, influx, kafka: its address")
    .option("-m, --metric <name value>", "static: a metric and its value (repeat)", collectPair)
    .option("--table <name>", "kafka: table")
    .option("--comparison-column <name>", "kafka: column with the names of metrics")
    .option("--value-column <name>", "kafka: column with their values")
    .option(
      "--token <token>",
      "influx: its token (rok's own stands in front: rok --token T core …)",
    )
    .option("--org <name>", "influx: organisation")
    .option("--bucket <name>", "influx: bucket");
}
