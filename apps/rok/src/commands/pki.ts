import type { Command } from "commander";
import { leaf, type Run } from "../leaf.ts";
import { collect, readInteger } from "../input/option-values.ts";

export interface IssueFlags {
  readonly server?: boolean;
  readonly client?: boolean;
  readonly host?: readonly string[];
  readonly user?: string;
  readonly group?: readonly string[];
  readonly days?: number;
}

/** `rok pki …`: an authority of one's own, for TLS between servers and clients. */
export function addPkiCommands(run: Run, parent: Command): void {
  const pki = parent
    .command("pki")
    .description("certificates: an authority of your own, and what it issues");
  leaf<{ readonly cn?: string; readonly days?: number }>(run, pki, {
    usage: "init <folder>",
    about: "make an authority: ca.crt and ca.key; whoever has ca.key may be anybody",
    flags: (command) =>
      command
        .option("--cn <name>", "what it is called (left out: Octoplane authority)")
        .option("--days <number>", "how long it is good (left out: 3650)", readInteger),
    act: async (call) => (await import("../pki/pki-commands.ts")).init(call),
  });
  leaf<IssueFlags>(run, pki, {
    usage: "issue <folder> <name>",
    about: "issue NAME.crt and NAME.key, for a server or for a client",
    flags: (command) =>
      command
        .option("--server", "for a server, with --host")
        .option("--host <name>", "a name or an address of the server (repeat)", collect)
        .option("--client", "for a client, who is --user")
        .option("--user <name>", "whom the server takes the client for (left out: the name)")
        .option("-O, --group <name>", "a group of the user (repeat)", collect)
        .option("--days <number>", "how long it is good (left out: 365)", readInteger),
    act: async (call) => (await import("../pki/pki-commands.ts")).issue(call),
  });
  leaf(run, pki, {
    usage: "show <file>",
    about: "print what the certificates of a PEM file say",
    act: async (call) => (await import("../pki/pki-commands.ts")).show(call),
  });
  leaf<{ readonly days?: number }>(run, pki, {
    usage: "renew <folder> <name>",
    about: "issue the same again with a fresh key; servers take it over while they run",
    flags: (command) =>
      command.option("--days <number>", "how long it is good (left out: as before)", readInteger),
    act: async (call) => (await import("../pki/pki-commands.ts")).renew(call),
  });
}
