import { Option, type Command } from "commander";
import { completionScript, shells } from "../completion/completion-script.ts";
import { printed, usageError } from "../exit-status.ts";
import { leaf, type Run } from "../leaf.ts";

/** `rok completion SHELL`, Krake's `--print-completion SHELL`, and what the scripts call. */
export function addCompletionCommands(run: Run, program: Command): void {
  leaf(run, program, {
    usage: "completion <shell>",
    about: "print the script that completes commands in bash, zsh or fish",
    async act({ args, session }) {
      session.io.out(scriptOf(args[0] ?? ""));
    },
  });
  leaf(run, program, {
    usage: "__complete [words...]",
    about: "what fits at the end of a command line",
    hidden: true,
    async act({ args, session }) {
      const { completeWords } = await import("../completion/complete-words.ts");
      const words = args.filter((word) => word !== undefined);
      const lines = await completeWords(program, words, session.io);
      session.io.out(lines.map((line) => `${line}\n`).join(""));
    },
  });
  const flag = new Option("--print-completion <shell>", "as krakectl: bash, zsh or tcsh");
  program.addOption(flag.hideHelp());
  // As with --version, whatever stands behind it does not run.
  program.on("option:print-completion", (shell: string) => {
    run.io.out(scriptOf(shell));
    throw printed();
  });
}

function scriptOf(shell: string): string {
  const known = shells.find((one) => one === shell);
  if (known) return completionScript(known);
  if (shell === "tcsh") {
    throw usageError(
      "there is no completion for tcsh; there is one for bash, zsh and fish, " +
        `and "rok kinds" and "rok COMMAND --help" list what can be written`,
    );
  }
  throw usageError(`expected ${shells.join(", ")}, found ${shell}`);
}
