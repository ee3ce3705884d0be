import { Option, type Command } from "commander";
import type { ServiceAccount } from "@octoplane/kinds/service-account";
import { isoTime } from "@octoplane/shared/clock";
import { lazyKind } from "../objects/lazy-kind.ts";
import { leaf, type Run } from "../leaf.ts";
import { readMoment, readSeconds } from "../input/option-values.ts";
import type { RevokeFlags, TokenFlags } from "../access/token-requests.ts";
import { addDelete, addGet, addList } from "./resource.ts";
import { addWrites } from "./write.ts";

const accounts = lazyKind(
  "service account",
  "namespaced",
  "ServiceAccountKind",
  () => import("@octoplane/kinds/service-account"),
);

const revocations = lazyKind(
  "token revocation",
  "global",
  "TokenRevocationKind",
  () => import("@octoplane/kinds/token-revocation"),
);

/** `rok core token …`, `rok token …` */
export function addTokenCommands(run: Run, parent: Command): void {
  const token = parent.command("token").description("tokens that the server signs");
  leaf<TokenFlags>(run, token, {
    usage: "create [user]",
    about: "print a new token for a user or a service account; it is shown this once only",
    flags: (command) =>
      lifeFlag(command).option("--service-account <namespace/name>", "instead of a user"),
    async act({ args, options, session }) {
      const { createToken } = await import("../access/token-requests.ts");
      await createToken(session, args[0], options);
    },
  });
  leaf<RevokeFlags>(run, token, {
    usage: "revoke [token]",
    about:
      "end a token (-: one from the standard input), or those of a user; " +
      "for one that you have, you need no right",
    flags: (command) =>
      command
        .option("--id <id>", "the one with this id")
        .option("--user <name>", "those of this user, from before now")
        .option("--before <time>", "with --user: from before this moment (ISO 8601)", readMoment)
        .option("--mine", "the one that rok uses")
        .option(
          "--forget <time>",
          "with --id or --user: the revocation may be removed after this moment; left out: never",
          readMoment,
        )
        .option("--reason <text>", "why, for those who look at the revocation"),
    async act({ args, options, session }) {
      const { revokeToken } = await import("../access/token-requests.ts");
      await revokeToken(session, await revocations.load(), { ...options, token: args[0] });
    },
  });
}

interface AccountFlags {
  readonly description?: string;
  readonly tokensNotBefore?: string;
}

/** `rok core serviceaccount …`, `rok core tokenrevocation …` */
export function addAccountCommands(run: Run, parent: Command): void {
  const account = parent
    .command("serviceaccount")
    .alias("sa")
    .description("who programs are, that nobody logs in for");
  addList(run, account, accounts);
  addGet(run, account, accounts);
  addWrites<AccountFlags>(run, account, accounts, {
    verb: "create",
    flags: (command, isNew) => {
      command.option("--description <text>", "what it is for");
      if (isNew) return;
      command.option(
        "--tokens-not-before <time>",
        "end all tokens from before this moment (ISO 8601, or now)",
        (text: string) => (text === "now" ? text : readMoment(text)),
      );
    },
    // Now is when the command runs, not when its flags are read.
    complete: async (flags, { io }) =>
      flags.tokensNotBefore === "now"
        ? { ...flags, tokensNotBefore: isoTime(io.clock.now()) }
        : flags,
    make: (name, flags) => ({ metadata: { name }, spec: changeAccount({}, flags) }),
    change: (current, flags) => ({
      ...current,
      spec: changeAccount(current["spec"] as ServiceAccount["spec"], flags),
    }),
  });
  leaf<Pick<TokenFlags, "expires" | "expiresIn">>(run, account, {
    usage: "token <name>",
    about: "print a new token for a service account; it is shown this once only",
    kind: accounts,
    flags: lifeFlag,
    async act({ args, options, session }) {
      const { createToken } = await import("../access/token-requests.ts");
      const serviceAccount = `${await session.namespace()}/${args[0] ?? ""}`;
      await createToken(session, undefined, { ...options, serviceAccount });
    },
  });
  addDelete(run, account, accounts);
  const revocation = parent
    .command("tokenrevocation")
    .description("tokens that have been revoked; without its revocation a token is good again");
  addList(run, revocation, revocations);
  addGet(run, revocation, revocations);
  addDelete(run, revocation, revocations);
}

function lifeFlag(command: Command): Command {
  return command
    .option("--expires <time>", "such as 30m, 8h or 7d; left out: never", readSeconds)
    .addOption(new Option("--expires-in <time>").argParser(readSeconds).hideHelp());
}

function changeAccount(
  spec: Partial<ServiceAccount["spec"]>,
  { description, tokensNotBefore }: AccountFlags,
): Partial<ServiceAccount["spec"]> {
  return {
    ...spec,
    ...(description === undefined ? {} : { description }),
    ...(tokensNotBefore === undefined ? {} : { tokens_not_before: tokensNotBefore }),
  };
}
