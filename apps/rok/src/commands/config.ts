import { InvalidArgumentError, type Command } from "commander";
import { leaf, type Run } from "../leaf.ts";
import { collect, readInteger } from "../input/option-values.ts";

export interface SetFlags {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly namespace?: string;
}

export interface GenerateFlags {
  readonly tls?: boolean;
  readonly host?: readonly string[];
  readonly port?: number;
  readonly etcd?: string;
  readonly authorization?: string;
  readonly from?: string;
  readonly force?: boolean;
}

/** `rok config …`: the settings of the command line, and those of servers. */
export function addConfigCommands(run: Run, parent: Command): void {
  const config = parent.command("config").description("settings of rok and of servers");
  leaf(run, config, {
    usage: "view",
    about: "print the settings that a command would use, and where each came from",
    act: async (call) => (await import("../config/view-config.ts")).viewConfig(call),
  });
  leaf(run, config, {
    usage: "contexts",
    about: "print the contexts of the config file",
    act: async (call) => (await import("../config/view-config.ts")).listContexts(call),
  });
  leaf(run, config, {
    usage: "use <context>",
    about: "choose the context for commands that name none",
    act: async (call) => (await import("../config/change-contexts.ts")).useContext(call),
  });
  leaf<SetFlags>(run, config, {
    usage: "set <context>",
    about: "make a context, or change what is given of it; an empty value takes a key away",
    flags: (command) =>
      command
        .option("--server <url>", "address of the server")
        .option("--token-file <file>", "file with a bearer token")
        .option("--ca <file>", "authority of the server's certificate, PEM")
        .option("--cert <file>", "certificate to show the server, PEM")
        .option("--key <file>", "its key, PEM")
        .option("-n, --namespace <name>", "namespace of commands that name none"),
    act: async (call) => (await import("../config/change-contexts.ts")).setContext(call),
  });
  leaf(run, config, {
    usage: "delete <context>",
    about: "take a context out of the config file",
    act: async (call) => (await import("../config/change-contexts.ts")).deleteContext(call),
  });
  leaf<GenerateFlags>(run, config, {
    usage: "generate <folder>",
    about: "write settings and keys for every process, and a first administrator",
    flags: (command) =>
      command
        .option("--tls", "with an authority and certificates for the API server and you")
        .option("--host <name>", "a name or address of the API server (repeat)", collect)
        .option("--port <number>", "its port (left out: 8080)", readPort)
        .option("--etcd <url>", "etcd://host:port,host:port (left out: etcd://127.0.0.1:2379)")
        .option("--authorization <mode>", "RBAC, always-allow or always-deny")
        .option("--from <folder>", "take over Krake's files of this folder")
        .option("--force", "overwrite settings that are there; keys and certificates stay"),
    act: async (call) => (await import("../config/generate-settings.ts")).generate(call),
  });
  leaf(run, config, {
    usage: "audit [files...]",
    about: "print what of a server's settings lets people in who should stay out",
    act: async (call) => (await import("../config/audit-settings.ts")).audit(call),
  });
}

function readPort(text: string): number {
  const port = readInteger(text);
  if (port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("Expected a port.");
}
