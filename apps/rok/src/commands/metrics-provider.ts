import { Option, type Command } from "commander";
import { changeProvider, newProvider, type ProviderFlags } from "../metrics/change-provider.ts";
import type { Run } from "../leaf.ts";
import { collectPair } from "../input/option-values.ts";
import { addDelete, addGet, addList } from "./resource.ts";
import { addWrites } from "./write.ts";
import { lazyKind, type LazyKind } from "../objects/lazy-kind.ts";

const providers = lazyKind(
  "metrics provider",
  "namespaced",
  "MetricsProviderKind",
  () => import("@octoplane/kinds/metrics-provider"),
);

const globalProviders = lazyKind(
  "global metrics provider",
  "global",
  "GlobalMetricsProviderKind",
  () => import("@octoplane/kinds/metrics-provider"),
);

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
  addWrites<ProviderFlags>(run, parent, kind, {
    verb: "create",
    flags: providerFlags,
    make: (name, flags) => ({ metadata: { name }, spec: newProvider(flags) }),
    change: (current, flags) => ({
      ...current,
      spec: changeProvider(current["spec"] as Parameters<typeof changeProvider>[0], flags),
    }),
  });
  addDelete(run, parent, kind);
}

function providerFlags(command: Command, isNew: boolean): void {
  if (isNew) {
    const type = new Option("--type <type>", "what it is").makeOptionMandatory();
    command.addOption(type.choices(["prometheus", "influx", "kafka", "static"]));
  }
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
  if (isNew) return;
  command.option("--remove-existing-metrics", "static: remove all metrics first");
}
