import { Readable, Writable } from "node:stream";
import type { Io } from "@octoplane/rok/io";
import { run } from "@octoplane/rok/run";
import type { StandardStreams, Terminal } from "@octoplane/rok/streams/standard-streams";
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
  /** The standard input as it flows; left out: the text of `input`. */
  readonly stdin?: Readable;
  /** Takes the standard output in the place of `out`: for more than a text holds. */
  readonly stdout?: Writable;
  readonly terminal?: Terminal;
  /** Ctrl+C. */
  readonly interrupt?: AbortSignal;
};

/** `rok` in this process. A line is split at its blanks; words with blanks in them come as a list. */
export async function runRok(
  line: string | readonly string[],
  {
    folder,
    variables,
    input,
    onOut,
    onErr,
    stdin = Readable.from([Buffer.from(input ?? "")]),
    stdout,
    terminal,
    interrupt,
    ...world
  }: RokWorld,
): Promise<RokRun> {
  let [out, err] = ["", ""];
  const all: Readonly<Record<string, string>> = { HOME: folder, ...variables };
  const tellOut = (text: string): void => {
    out += text;
    onOut?.(out);
  };
  const tellErr = (text: string): void => {
    err += text;
    onErr?.(err);
  };
  const streams: StandardStreams = {
    input: stdin,
    output: stdout ?? writableOf(tellOut),
    errors: writableOf(tellErr),
    terminal,
    isErrorsShown: false,
    onInterrupt(listener) {
      interrupt?.addEventListener("abort", listener, { once: true });
      return () => interrupt?.removeEventListener("abort", listener);
    },
  };
  const status = await run(typeof line === "string" ? line.split(" ") : line, {
    columns: undefined,
    clock: systemClock,
    ...world,
    streams,
    out: tellOut,
    err: tellErr,
    readInput: async () => input ?? "",
    environment: (name) => all[name],
    cwd: folder,
  });
  return { status, out, err };
}

function writableOf(tell: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      tell(chunk.toString("utf8"));
      done();
    },
  });
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
