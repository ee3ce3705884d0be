import { Option, type Command } from "commander";
import type { AnyResource } from "@octoplane/kinds/kind";
import { changeCloud, newCloud, type CloudFlags } from "../infrastructure/change-cloud.ts";
import type { Run } from "../leaf.ts";
import { collectLabel, collectPair } from "../input/option-values.ts";
import { readSecret } from "../input/secret-flag.ts";
import type { Session } from "../session.ts";
import { addDelete, addGet, addList } from "./resource.ts";
import { addWrites, option } from "./write.ts";
import { lazyKind, type LazyKind } from "../objects/lazy-kind.ts";

const clouds = lazyKind("cloud", "namespaced", "CloudKind", () => import("@octoplane/kinds/cloud"));

const globalClouds = lazyKind(
  "global cloud",
  "global",
  "GlobalCloudKind",
  () => import("@octoplane/kinds/cloud"),
);

/** `rok infra cloud …` and `rok infra globalcloud …` */
export function addCloudCommands(run: Run, parent: Command): void {
  const global = parent
    .command("globalcloud")
    .aliases(["gcloud", "gc"])
    .description("where clusters can be made, for every namespace");
  addCommands(run, global, globalClouds);
  const local = parent
    .command("cloud")
    .description("where clusters can be made, for one namespace");
  addCommands(run, local, clouds);
}

function addCommands(run: Run, parent: Command, kind: LazyKind): void {
  addList(run, parent, kind);
  addGet(run, parent, kind);
  addWrites<CloudFlags>(run, parent, kind, {
    verb: "register",
    flags: (command, isNew) => addFlags(command, isNew, kind.namespaced),
    complete,
    make: newCloud,
    change: (current, flags) =>
      changeCloud(current as AnyResource & Parameters<typeof changeCloud>[0], flags),
  });
  addDelete(run, parent, kind);
}

function addFlags(command: Command, isNew: boolean, namespaced: boolean): void {
  if (isNew) {
    const type = new Option("--type <type>", "what it is").choices(["openstack"]);
    command.addOption(type.makeOptionMandatory());
  }
  option(command, "--url <url>", "address of its Identity service", isNew);
  option(command, "--username <name>", "whom to log in as", isNew);
  option(command, "--project <name>", "the project to work in", isNew);
  const provider = "--global-infra-provider <name>";
  option(command, provider, "who makes machines there", isNew && !namespaced);
  if (namespaced) {
    command
      .option("--infra-provider <name>", "the same, one of the namespace")
      .option("--metric <name weight>", "a metric of the namespace (repeat)", collectPair);
  }
  command
    .option("--password <password>", "better: --password-file, $OS_PASSWORD or being asked")
    .option("--password-file <path>", "a file with the password, or -")
    .option("--domain-name <name>", "of the user; left out: Default")
    .option("--domain-id <id>", "of the project; left out: default")
    .option("--global-metric <name weight>", "a global metric that counts (repeat)", collectPair)
    .option("-l, --label <key=value>", "label of the cloud (repeat)", collectLabel);
  if (isNew) return;
  command
    .option("--remove-existing-labels", "remove all labels first")
    .option("--remove-existing-metrics", "remove all metrics first");
}

/** The environment and the terminal are asked for a new one only: an update changes what is named. */
async function complete(flags: CloudFlags, { io }: Session, isNew: boolean): Promise<CloudFlags> {
  const variables = isNew ? ["OS_PASSWORD"] : [];
  const password = await readSecret(
    { noun: "password", value: flags.password, file: flags.passwordFile, variables, ask: isNew },
    io,
  );
  return password === undefined ? flags : { ...flags, password };
}
