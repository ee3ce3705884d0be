import type { Io } from "@octoplane/rok/io";
import { run } from "@octoplane/rok/run";
import { systemClock } from "@octoplane/shared/clock";

/** What one run of `rok` came to. */
export interface RokRun {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Who sits where: a folder that is home and working directory, and whatever differs from an empty world. */
export type RokWorld = Partial<Pick<Io, "ask" | "askSecret" | "stop" | "columns" | "clock">> & {
  readonly folder: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** What stands in the standard input. */
  readonly input?: string;
  /** Called with all that was written so far, each time that something is. */
  readonly onOut?: (all: string) => void;
  readonly onErr?: (all: string) => void;
};

/** `rok` in this process. A line is split at its blanks; words with blanks in them come as a list. */
export async function runRok(
  line: string | readonly string[],
  { folder, variables, input, onOut, onErr, ...world }: RokWorld,
): Promise<RokRun> {
  let [out, err] = ["", ""];
  const all: Readonly<Record<string, string>> = { HOME: folder, ...variables };
  const status = await run(typeof line === "string" ? line.split(" ") : line, {
    columns: undefined,
    clock: systemClock,
    ...world,
    out: (text) => {
      out += text;
      onOut?.(out);
    },
    err: (text) => {
      err += text;
      onErr?.(err);
    },
    readInput: async () => input ?? "",
    environment: (name) => all[name],
    cwd: folder,
  });
  return { status, out, err };
}

/** The variables by which `rok` finds a server elsewhere. */
export function serverVariables({
  address,
  token,
}: {
  readonly address: string;
  readonly token: string;
}): Readonly<Record<string, string>> {
  return { OCTOPLANE_SERVER: address, OCTOPLANE_TOKEN: token };
}
