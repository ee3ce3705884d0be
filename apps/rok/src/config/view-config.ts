import { failure } from "@octoplane/shared/errors";
import { readConfig, readConfigFile, type RokConfig } from "./config-file.ts";
import type { Call } from "../leaf.ts";
import { demandValueFormat, printLines, printTable, printValue } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";
import { layoutTable } from "../output/table.ts";

/** What `rok config view` and `contexts` print. */

interface Effective {
  readonly name: string;
  readonly value: string;
  readonly from: string;
}

/** The settings that a command would use, and where each came from; credentials are not shown. */
export async function viewConfig({ session }: Call<object>): Promise<void> {
  demandValueFormat(session);
  const { flags, io } = session;
  const config = await readConfig(flags.config, io, flags.context);
  const access = await session.find();
  const settings: readonly (Effective | undefined)[] = [
    config && { name: "config", value: config.path, from: fromOf(flags.config, "--config") },
    contextSetting(config, flags.context, io.environment("OCTOPLANE_CONTEXT")),
    { name: "server", value: access.address, from: access.addressFrom },
    access.token === undefined
      ? { name: "token", value: "", from: "nowhere" }
      : { name: "token", value: "REDACTED", from: access.tokenFrom ?? "" },
    namespaceSetting(config, session.namedNamespace),
    access.tls?.ca === undefined
      ? undefined
      : tlsSetting("ca", flags.ca ?? io.environment("OCTOPLANE_CA") ?? config?.tls?.ca),
    access.tls?.cert === undefined ? undefined : tlsSetting("cert", config?.tls?.cert),
    access.tls?.key === undefined ? undefined : tlsSetting("key", config?.tls?.key),
  ];
  const found = settings.filter((setting) => setting !== undefined);
  if (session.output !== "table") {
    const value = Object.fromEntries(found.map(({ name, ...rest }) => [name, rest]));
    return await printValue(session, value);
  }
  const rows = found.map(({ name, value, from }) => [name, oneLine(value), oneLine(from)]);
  printLines(session, layoutTable({ titles: ["setting", "value", "from"], rows }, session.layout));
}

/** The contexts of the config file, the one in use marked. */
export async function listContexts({ session }: Call<object>): Promise<void> {
  demandValueFormat(session);
  const { flags, io } = session;
  const file = await readConfigFile(flags.config, io);
  if (!file) throw failure("Invalid", "there is no config file; rok config set makes one");
  const current = flags.context ?? io.environment("OCTOPLANE_CONTEXT") ?? file.currentContext;
  const contexts = [...file.contexts].map(([name, config]) => ({
    name,
    current: name === current,
    server: config.apiUrl ?? "",
    namespace: config.namespace ?? config.user ?? "",
    credentials: credentialsOf(config),
  }));
  if (session.output !== "table") return await printValue(session, contexts);
  const rows = contexts.map((context) => [
    context.current ? "*" : "",
    ...[context.name, context.server, context.namespace, context.credentials].map(oneLine),
  ]);
  printTable(session, {
    titles: ["current", "name", "server", "namespace", "credentials"],
    rows,
  });
}

function contextSetting(
  config: RokConfig | undefined,
  flag: string | undefined,
  variable: string | undefined,
): Effective | undefined {
  if (config?.context === undefined) return undefined;
  const from =
    flag !== undefined ? "--context" : variable !== undefined ? "OCTOPLANE_CONTEXT" : config.path;
  return { name: "context", value: config.context, from };
}

function namespaceSetting(
  config: RokConfig | undefined,
  flag: string | undefined,
): Effective | undefined {
  if (flag !== undefined) return { name: "namespace", value: flag, from: "--namespace" };
  const value = config?.namespace ?? config?.user;
  if (!config || value === undefined) {
    return { name: "namespace", value: "", from: "the name of the user, as the server knows it" };
  }
  return { name: "namespace", value, from: config.path };
}

function tlsSetting(name: string, path: string | undefined): Effective {
  return { name: `tls.${name}`, value: path ?? "", from: "its file" };
}

function fromOf(flag: string | undefined, name: string): string {
  return flag === undefined ? "the first that was found" : name;
}

function credentialsOf({ token, tokenFile, tls }: RokConfig): string {
  const kinds = [
    token === undefined ? [] : ["token"],
    tokenFile === undefined ? [] : ["token file"],
    tls?.cert === undefined ? [] : ["certificate"],
  ].flat();
  return kinds.join(", ");
}
