import { run } from "@octoplane/rok/run";
import { systemClock } from "@octoplane/shared/clock";

/** What one run of `rok` came to. */
export interface RokRun {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** `rok` in this process, in a folder, against the server of an address. */
export async function runRok(
  args: readonly string[],
  world: { readonly folder: string; readonly address: string; readonly token: string },
): Promise<RokRun> {
  let [out, err] = ["", ""];
  const variables: Readonly<Record<string, string>> = {
    HOME: world.folder,
    OCTOPLANE_SERVER: world.address,
    OCTOPLANE_TOKEN: world.token,
  };
  const status = await run([...args], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    columns: undefined,
    readInput: async () => "",
    environment: (name) => variables[name],
    cwd: world.folder,
    clock: systemClock,
  });
  return { status, out, err };
}
