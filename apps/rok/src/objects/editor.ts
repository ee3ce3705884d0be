import { spawn } from "node:child_process";
import { failure, messageOf } from "@octoplane/shared/errors";
import type { Io } from "../io.ts";

/**
 * Opens a file in the editor of the environment ($VISUAL, $EDITOR, else vi) on the terminal of this
 * process and gives its exit status. The variable may hold arguments, and is read by the shell as
 * git and kubectl do.
 */
export async function runEditor(
  io: Pick<Io, "environment" | "cwd">,
  file: string,
): Promise<number> {
  const editor = io.environment("VISUAL") ?? io.environment("EDITOR") ?? "vi";
  const child = spawn("sh", ["-c", `${editor} "$1"`, editor, file], {
    cwd: io.cwd,
    stdio: "inherit",
  });
  return await new Promise<number>((resolve, reject) => {
    child.once("error", (error) =>
      reject(failure("Invalid", `the editor cannot be started: ${messageOf(error)}`)),
    );
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
