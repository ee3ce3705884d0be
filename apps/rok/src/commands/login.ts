import type { Command } from "commander";
import type { LoginFlags } from "../login/log-in.ts";
import { leaf, type Run } from "../leaf.ts";
import { collectWords } from "../input/option-values.ts";

/** `rok login`, `rok logout` */
export function addLoginCommands(run: Run, parent: Command): void {
  leaf<LoginFlags>(run, parent, {
    usage: "login",
    about:
      "log in with a browser, here or on another machine (OpenID Connect); commands use the login " +
      "where no token is given: not by --token, --data-dir, OCTOPLANE_TOKEN, OCTOPLANE_DATA_DIR " +
      "or the config file (with --context, not by that context). A ./data of the server comes after it",
    flags: (command) =>
      command
        .option("--issuer <url>", "where to log in; left out: what the server announces")
        .option("--client-id <id>", "rok's name there, a public client; with --issuer")
        .option("--scope <name>", "what to ask for (repeat)", collectWords),
    async act({ options, session }) {
      const { logIn } = await import("../login/log-in.ts");
      await logIn(session, options);
    },
  });
  leaf(run, parent, {
    usage: "logout",
    about: "forget the login of the server, and revoke its tokens as far as that is possible",
    async act({ session }) {
      const { logOut } = await import("../login/log-in.ts");
      await logOut(session);
    },
  });
}
