import { run } from "@octoplane/rok/run";
import { systemClock } from "@octoplane/shared/clock";
import type { RokRun } from "./rok-run.ts";

/** `rok` in this process, in a folder, with no variables but those that are given. */
export async function rokIn(
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<RokRun> {
  let [out, err] = ["", ""];
  const all: Readonly<Record<string, string>> = { HOME: folder, ...variables };
  const status = await run([...args], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    columns: undefined,
    readInput: async () => "",
    environment: (name) => all[name],
    cwd: folder,
    clock: systemClock,
  });
  return { status, out, err };
}
