import { Option, type Command } from "commander";
import {
  changeInfrastructureProvider,
  newInfrastructureProvider,
  type InfrastructureProviderFlags,
} from "../infrastructure/change-infrastructure-provider.ts";
import type { Run } from "../leaf.ts";
import { readSecret } from "../input/secret-flag.ts";
import type { Session } from "../session.ts";
import { addDelete, addGet, addList } from "./resource.ts";
import { addWrites, option } from "./write.ts";
import { lazyKind, type LazyKind } from "../objects/lazy-kind.ts";

const providers = lazyKind(
  "infrastructure provider",
  "namespaced",
  "InfrastructureProviderKind",
  () => import("@octoplane/kinds/infrastructure-provider"),
);

const globalProviders = lazyKind(
  "global infrastructure provider",
  "global",
  "GlobalInfrastructureProviderKind",
  () => import("@octoplane/kinds/infrastructure-provider"),
);

/** `rok infra infrastructureprovider …` and `rok infra globalinfrastructureprovider …` */
export function addInfrastructureProviderCommands(run: Run, parent: Command): void {
  const global = parent
    .command("globalinfrastructureprovider")
    .aliases(["gprovider", "gip"])
    .description("who makes machines on clouds, for every namespace");
  addCommands(run, global, globalProviders);
  const local = parent
    .command("infrastructureprovider")
    .aliases(["provider", "ip"])
    .description("who makes machines on clouds, for one namespace");
  addCommands(run, local, providers);
}

function addCommands(run: Run, parent: Command, kind: LazyKind): void {
  addList(run, parent, kind);
  addGet(run, parent, kind);
  addWrites<InfrastructureProviderFlags>(run, parent, kind, {
    verb: "register",
    flags: addFlags,
    complete,
    make: (name, flags) => ({ metadata: { name }, spec: newInfrastructureProvider(flags) }),
    change: (current, flags) => ({
      ...current,
      spec: changeInfrastructureProvider(
        current["spec"] as Parameters<typeof changeInfrastructureProvider>[0],
        flags,
      ),
    }),
  });
  addDelete(run, parent, kind);
}

function addFlags(command: Command, isNew: boolean): void {
  if (isNew) {
    command.addOption(
      new Option("--type <type>", "what it is").choices(["im"]).makeOptionMandatory(),
    );
  }
  option(command, "--url <url>", "its address", isNew);
  command
    .option("--username <name>", "whom to log in as")
    .option("--password <password>", "better: --password-file or $IM_PASSWORD")
    .option("--password-file <path>", "a file with the password, or -")
    .option("--token <token>", "better: --token-file or $IM_TOKEN (rok's own stands in front)")
    .option("--token-file <path>", "a file with the token, or -");
}

/** The environment is asked for a new one only: an update changes what is named. */
async function complete(
  flags: InfrastructureProviderFlags,
  { io }: Session,
  isNew: boolean,
): Promise<InfrastructureProviderFlags> {
  const token = await readSecret(
    {
      noun: "token",
      value: flags.token,
      file: flags.tokenFile,
      variables: isNew && flags.username === undefined ? ["IM_TOKEN"] : [],
      ask: false,
    },
    io,
  );
  const isMissing = isNew && flags.username !== undefined && token === undefined;
  const password = await readSecret(
    {
      noun: "password",
      value: flags.password,
      file: flags.passwordFile,
      variables: isMissing ? ["IM_PASSWORD"] : [],
      ask: isMissing,
    },
    io,
  );
  return {
    ...flags,
    ...(token === undefined ? {} : { token }),
    ...(password === undefined ? {} : { password }),
  };
}
