import { CommanderError } from "commander";
import { errorLines } from "./error-lines.ts";
import { exitStatusOf } from "./exit-status.ts";
import type { Run } from "./leaf.ts";
import type { Io } from "./io.ts";
import { packArguments } from "./input/pack-arguments.ts";
import { buildProgram } from "./program.ts";

/**
 * Runs one command line (without the name of the program) and gives its exit status (`exit-
 * status.ts`). Never throws: every failure becomes lines on `io.err`.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const current: Run = { io, session: undefined, status: 0 };
  try {
    const program = buildProgram(current);
    await program.parseAsync([...packArguments(argv)], { from: "user" });
    return current.status;
  } catch (error) {
    // The parser has said what it has to say by itself.
    const isSaid =
      error instanceof CommanderError &&
      (error.code.startsWith("commander.") || error.message === "");
    const lines = isSaid ? [] : errorLines(error, current.session?.access);
    for (const line of lines) io.err(`${line}\n`);
    return exitStatusOf(error);
  }
}
