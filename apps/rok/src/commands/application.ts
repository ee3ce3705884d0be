import { Option, type Command } from "commander";
import type { Call, Run } from "../leaf.ts";
import { leaf } from "../leaf.ts";
import type { ChartFlags } from "../input/render-chart.ts";
import type { ApplicationFlags } from "../kubernetes/change-application.ts";
import type { HistoryFlags } from "../kubernetes/explain-application.ts";
import type { WaitFlags } from "../kubernetes/finish.ts";
import {
  collect,
  collectInjections,
  collectLabel,
  readInteger,
  readShutdownHook,
} from "../input/option-values.ts";
import { collectCopyWeight, readCopies, readCopySpread } from "../input/copy-values.ts";
import { collectWeight } from "../input/policy-values.ts";
import {
  collectApart,
  collectExpressionPreference,
  collectLabelPreference,
  collectMetricPreference,
  collectSpread,
  collectTogether,
  collectToleration,
} from "../input/scheduling-values.ts";
import { addApplicationActions } from "./application-actions.ts";
import { addGet, addList } from "./resource.ts";
import { deliveryFlags } from "./delivery-flags.ts";
import { addRollout } from "./rollout.ts";
import { addRunActions } from "./run.ts";
import { addInsight } from "./insight.ts";
import { addStreamCommands } from "./streams.ts";
import { waitFlags } from "./wait-flags.ts";
import { lazyKind } from "../objects/lazy-kind.ts";

const applications = lazyKind(
  "application",
  "namespaced",
  "ApplicationKind",
  () => import("@octoplane/kinds/application"),
);

/** The flags of `create` and `update` as they are parsed. */
export interface WriteFlags extends ApplicationFlags, ChartFlags, WaitFlags {
  readonly file?: readonly string[];
  readonly recursive?: boolean;
  readonly kustomize?: string;
  readonly observerSchemaFile?: string;
  readonly inject?: Readonly<Record<string, string>>;
  /** Of an update. */
  readonly dryRun?: "server";
}

export interface DeleteFlags extends WaitFlags {
  readonly force?: boolean;
}

/** `rok kube app …` */
export function addApplicationCommands(run: Run, parent: Command): void {
  const app = parent
    .command("app")
    .alias("application")
    .description("applications: manifests that are placed on a cluster");
  addList(run, app, applications);
  addGet(run, app, applications);
  addWrites(run, app);
  addApplicationActions(run, app, applications);
  addRunActions(run, app, applications);
  addStreamCommands(run, app, applications);
  addRollout(run, app, applications);
  addInsight(run, app, applications, writeFlags);
  addExplanations(run, app);
}

function addWrites(run: Run, app: Command): void {
  leaf<WriteFlags>(run, app, {
    usage: "create <name>",
    about: "hand in an application; it is placed on the best cluster",
    flags: (command) => {
      writeFlags(command);
      command
        .option("--auto-cluster-create", "allow a cluster to be made for it")
        .option(
          "-i, --inject <key=value...>",
          "replace values of environment variables that are equal to KEY by VALUE",
          collectInjections,
        );
      waitFlags(command, "running, creating, pending or completed; bare: running");
    },
    act: async (call: Call<WriteFlags>) =>
      (await import("../kubernetes/write-application.ts")).createApplication(call),
  });
  leaf<WriteFlags>(run, app, {
    usage: "update <name>",
    about: "change what is named, and nothing else",
    kind: applications,
    flags: (command) => {
      writeFlags(command);
      command
        .option("--remove-existing-labels", "remove all labels first")
        .option("--remove-existing-label-constraints", "remove all label constraints first")
        .option("--remove-existing-resource-constraints", "remove all resource constraints first")
        .option("--remove-existing-metric-constraints", "remove all metric constraints first")
        .option("--remove-existing-preferences", "remove all preferences first")
        .option("--remove-existing-expressions", "remove all expressions first")
        .option("--remove-existing-neighbours", "remove all rules about others and spreads first")
        .option("--remove-existing-dependencies", "remove all dependencies first")
        .option("--remove-existing-tolerations", "remove all tolerations first")
        .option("--remove-policy", "be placed without a policy")
        .option("--remove-existing-weights", "remove all weights first")
        .addOption(
          new Option(
            "--dry-run <where>",
            "write nothing: have it checked, and say what would change on its clusters",
          ).choices(["server"]),
        );
      waitFlags(command, "running, reconciling or completed; bare: running");
    },
    act: async (call: Call<WriteFlags>) =>
      (await import("../kubernetes/write-application.ts")).updateApplication(call),
  });
  leaf<DeleteFlags>(run, app, {
    usage: "delete <name>",
    about: "remove an application and its objects from the cluster",
    kind: applications,
    flags: (command) => {
      command.option("--force", "remove the record at once, whatever still runs on the cluster");
      waitFlags(command, "deleted or deleting; bare: deleted");
    },
    act: async (call: Call<DeleteFlags>) =>
      (await import("../kubernetes/write-application.ts")).deleteApplication(call),
  });
  leaf(run, app, {
    usage: "retry <name>",
    about: "ask an application once more to get ready, whose shutdown failed",
    kind: applications,
    act: async (call) =>
      (await import("../kubernetes/write-application.ts")).retryApplication(call),
  });
}

function addExplanations(run: Run, app: Command): void {
  leaf(run, app, {
    usage: "explain <name>",
    about: "say why an application is where it is, or nowhere, and what would have to change",
    kind: applications,
    act: async (call) =>
      (await import("../kubernetes/explain-application.ts")).explainApplication(call),
  });
  leaf<HistoryFlags>(run, app, {
    usage: "history <name>",
    about: "list the decisions about an application, or say how two of them differ",
    kind: applications,
    flags: (command) =>
      command.option("--diff <numbers...>", "two decisions, or one: then from the one before it"),
    act: async (call: Call<HistoryFlags>) =>
      (await import("../kubernetes/explain-application.ts")).showHistory(call),
  });
}

function writeFlags(command: Command): void {
  command
    .option(
      "-f, --file <path>",
      "manifests or a TOSCA template: a file, a folder, a pattern, an address, or - (repeat)",
      collect,
    )
    .option("--recursive", "folders with what lies below them (also -R without a value)")
    .option("-u, --url <url>", "TOSCA template (.yaml, .yml) or CSAR archive (.zip, .csar)")
    .option("--input <name=value>", "an input of the TOSCA template (repeat)", collectLabel)
    .option("-O, --observer-schema-file <path>", "fields of the objects that are observed")
    .option("-L, --cluster-label-constraint <text>", 'such as "location is DE" (repeat)', collect)
    .option(
      "-R, --cluster-resource-constraint <plural.group>",
      "a custom resource (repeat)",
      collect,
    )
    .option("-M, --cluster-metric-constraint <text>", 'such as "load < 3" (repeat)', collect)
    .option(
      "--cluster-label-preference <weight text>",
      'a wish that adds to the score, such as "10 location is DE" (repeat)',
      collectLabelPreference,
    )
    .option(
      "--cluster-metric-preference <weight text>",
      'the same, such as "10 load < 3" (repeat)',
      collectMetricPreference,
    )
    .option(
      "--toleration <taint>",
      "key[=value][:effect[:seconds]], or * for every taint (repeat)",
      collectToleration,
    )
    .option("--policy <name>", "the placement policy by which it is placed and moved")
    .option("--weight <metric=weight>", "a metric that counts for it (repeat)", collectWeight)
    .option("-l, --label <key=value>", "label of the application (repeat)", collectLabel)
    .addOption(
      new Option("--enable-migration", "allow moves to other clusters").conflicts(
        "disableMigration",
      ),
    )
    .option("--disable-migration", "stay where it was placed")
    .option("--hook-complete", "let the application say that it is done")
    .option(
      "--hook-shutdown [timeout strategy retries]",
      "ask before it is shut down: seconds, give_up or delete, attempts",
      readShutdownHook,
    );
  renderFlags(command);
  deliveryFlags(command);
  neighbourFlags(command);
  copyFlags(command);
  backoffFlags(command);
}

function renderFlags(command: Command): void {
  command
    .option("-k, --kustomize <folder>", "manifests that kustomize, or kubectl, renders here")
    .option("--chart <chart>", "a Helm chart that helm renders here: a folder, a .tgz, or a name")
    .option("--values <file>", "values for the chart (repeat)", collect)
    .option("--set <key=value>", "a value for the chart (repeat)", collect)
    .option("--set-string <key=value>", "the same, always as text (repeat)", collect)
    .option("--release <name>", "its release; left out: the application's name")
    .option("--chart-version <version>", "of a chart in a repository; left out: the newest")
    .option("--repo <url>", "the repository of the chart");
}

function copyFlags(command: Command): void {
  command
    .option("--copies <number>", "on how many clusters it is, or all that fit", readCopies)
    .option("--no-copies", "on one, as without copies")
    .addOption(
      new Option("--divide <by>", "share the replicas out over the copies").choices([
        "even",
        "weights",
        "capacity",
        "score",
      ]),
    )
    .option("--no-divide", "all replicas on each")
    .option(
      "--copy-weight <weight constraint>",
      'a share: "3 size is big"; where none holds: 1 (repeat)',
      collectCopyWeight,
    )
    .option("--copies-over <label[:skew]>", "spread the copies over a label", readCopySpread)
    .option("--overrides <file>", "what differs by cluster: a YAML document for each override")
    .option("--no-overrides", "the same on every cluster");
}

function neighbourFlags(command: Command): void {
  command
    .option(
      "--cluster-expression <text>",
      "such as 'labels.tier == \"gold\" && metrics.load < 0.7' (repeat)",
      collect,
    )
    .option(
      "--cluster-expression-preference <weight text>",
      "a wish that adds to the score (repeat)",
      collectExpressionPreference,
    )
    .option(
      "--together <selector>",
      'where such applications stand: "tier=db", "tier=db by region" (repeat)',
      collectTogether,
    )
    .option("--apart <selector>", "where no such applications stand (repeat)", collectApart)
    .option("--spread <label[:skew]>", "evenly over a label of clusters (repeat)", collectSpread)
    .option("--pin <cluster>", "the one cluster that it may stand on")
    .option("--no-pin", "any cluster that fits")
    .option("--ignore-capacity", "also where less is free than it requests")
    .option("--no-ignore-capacity", "only where what it requests is free")
    .addOption(
      new Option("--local-data <choice>", "data on nodes, when it could move").choices([
        "stay",
        "abandon",
      ]),
    );
}

export function backoffFlags(command: Command): void {
  command
    .option("--backoff <factor>", "by which the delay between attempts grows", readInteger)
    .option("--backoff-delay <seconds>", "delay before the second attempt", readInteger)
    .option("--backoff-limit <count>", "attempts; -1: no limit", readInteger);
}
