import { Option, type Command } from "commander";
import type { Call, Run } from "../leaf.ts";
import { leaf } from "../leaf.ts";
import type { ApplicationFlags } from "../kubernetes/change-application.ts";
import type { WaitFlags } from "../kubernetes/finish.ts";
import {
  collect,
  collectInjections,
  collectLabel,
  readInteger,
  readSeconds,
  readShutdownHook,
} from "../input/option-values.ts";
import {
  collectLabelPreference,
  collectMetricPreference,
  collectToleration,
} from "../input/scheduling-values.ts";
import { addGet, addList } from "./resource.ts";
import { lazyKind } from "../objects/lazy-kind.ts";

const applications = lazyKind(
  "application",
  "namespaced",
  "ApplicationKind",
  () => import("@octoplane/kinds/application"),
);

/** The flags of `create` and `update` as they are parsed. */
export interface WriteFlags extends ApplicationFlags, WaitFlags {
  readonly file?: readonly string[];
  readonly observerSchemaFile?: string;
  readonly inject?: Readonly<Record<string, string>>;
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
        .option("--remove-existing-tolerations", "remove all tolerations first");
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
  leaf(run, app, {
    usage: "explain <name>",
    about: "say why an application is where it is, or nowhere",
    kind: applications,
    act: async (call) =>
      (await import("../kubernetes/write-application.ts")).explainApplication(call),
  });
}

function writeFlags(command: Command): void {
  command
    .option(
      "-f, --file <path>",
      "manifests or a TOSCA template: a file, a folder, or - (repeat)",
      collect,
    )
    .option("-u, --url <url>", "TOSCA template (.yaml, .yml) or CSAR archive (.zip, .csar)")
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
  backoffFlags(command);
}

export function backoffFlags(command: Command): void {
  command
    .option("--backoff <factor>", "by which the delay between attempts grows", readInteger)
    .option("--backoff-delay <seconds>", "delay before the second attempt", readInteger)
    .option("--backoff-limit <count>", "attempts; -1: no limit", readInteger);
}

export function waitFlags(command: Command, states: string): void {
  command
    .option("--wait [state]", `until it is ${states}`)
    .option("--timeout <time>", "give up waiting after this (5m)", readSeconds);
}
