import { Option, type Command } from "commander";
import {
  changeProvider,
  newProvider,
  providerTypes,
  type ProviderFlags,
} from "../metrics/change-provider.ts";
import { completeProviderFlags } from "../metrics/provider-secrets.ts";
import type { Run } from "../leaf.ts";
import { collect, collectPair } from "../input/option-values.ts";
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
    complete: completeProviderFlags,
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
    command.addOption(type.choices([...providerTypes]));
  }
  command
    .option("--url <url>", "prometheus, influx, kafka, http: its address")
    .option("-m, --metric <name value>", "static: a metric and its value (repeat)", collectPair)
    .option("--table <name>", "kafka: table")
    .option("--comparison-column <name>", "kafka: column with the names of metrics")
    .option("--value-column <name>", "kafka: column with their values")
    .option(
      "--token <token>",
      "influx: its token (rok's own stands in front: rok --token T core …)",
    )
    .option("--org <name>", "influx: organisation")
    .option("--bucket <name>", "influx: bucket")
    .option("--username <name>", "prometheus, kafka, http: whom to log in as")
    .option("--password <password>", "its password; better: --password-file")
    .option("--password-file <path>", "a file with the password, or -")
    .option("--bearer-token <token>", "instead of a password; better: --bearer-token-file")
    .option("--bearer-token-file <path>", "a file with the token, or -")
    .option("--ca-file <path>", "certificates of those who vouch for it (PEM); '' for the usual")
    .option("--header <text>", "http: 'name: value', sent along and kept secret (repeat)", collect);
  if (isNew) return;
  command
    .option("--anonymous", "without a password or a token from now on")
    .option("--remove-existing-metrics", "static: remove all metrics first");
}
