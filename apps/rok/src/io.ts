import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { environment } from "@octoplane/shared/config";
import { systemClock, type Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { wholeText } from "./input/whole-text.ts";
import { processStreams, type StandardStreams } from "./streams/standard-streams.ts";

/** What a command knows of the world around it; tests hand in their own. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** The width of the terminal that `out` writes to; `undefined` when it is a file or a pipe. */
  readonly columns: number | undefined;
  /** Everything that stands in the standard input. */
  readInput(): Promise<string>;
  /** Asks the person at the terminal for a line that is not shown; absent where nobody sits. */
  askSecret?(question: string): Promise<string>;
  /** The same for a line that is shown. */
  ask?(question: string): Promise<string>;
  /** Nobody reads the output any more: what goes on by itself ends. */
  readonly stop?: AbortSignal;
  /** The streams as they are, for what is too much to hold; absent where there are none. */
  readonly streams?: StandardStreams;
  environment(name: string): string | undefined;
  readonly cwd: string;
  readonly clock: Clock;
}

/** The one place where `rok` touches the streams of its process. */
export function processIo(): Io {
  // A reader that has seen enough (`rok … | head`) is no error.
  const stop = new AbortController();
  process.stdout.on("error", (error: Error & { readonly code?: string }) => {
    if (error.code !== "EPIPE") throw error;
    stop.abort();
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    readInput,
    ...(process.stdin.isTTY && process.stderr.isTTY ? { askSecret, ask } : {}),
    stop: stop.signal,
    streams: processStreams,
    environment,
    cwd: process.cwd(),
    clock: systemClock,
  };
}

/** The question goes beside the result; an end of the input is no answer. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  lines.once("close", () => left.abort());
  try {
    return await lines.question(question, { signal: left.signal });
  } catch {
    process.stderr.write("\n");
    return "";
  } finally {
    lines.close();
  }
}

/** The question goes beside the result, the answer is not echoed. */
async function askSecret(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  const left = new AbortController();
  lines.once("SIGINT", () => left.abort());
  lines.once("close", () => left.abort());
  try {
    return await lines.question("", { signal: left.signal });
  } catch {
    throw failure("Invalid", "no answer was given");
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}

async function readInput(): Promise<string> {
  return await wholeText("standard input", process.stdin as AsyncIterable<Buffer>);
}
