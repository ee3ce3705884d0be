import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { failure } from "@octoplane/shared/errors";
import type { Io } from "../io.ts";

/** The streams of a process, byte by byte. */
export interface StandardStreams {
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** The terminal that is typed at; `undefined` when the input is a file or a pipe. */
  readonly terminal: Terminal | undefined;
  /** Whether a person reads what is written to `errors`. */
  readonly isErrorsShown: boolean;
  /** Calls back when the user wants to leave (Ctrl+C), who is then not cut off; the returned function ends that. */
  onInterrupt(listener: () => void): () => void;
}

export interface Terminal {
  /** Raw: every key is handed on as it is, those that end programs too. */
  setRaw(isRaw: boolean): void;
  size(): TerminalSize;
  onResize(listener: () => void): () => void;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Those of this process, which are opened when they are first used. */
export const processStreams: StandardStreams = {
  get input() {
    return process.stdin;
  },
  get output() {
    return process.stdout;
  },
  get errors() {
    return process.stderr;
  },
  get terminal() {
    return process.stdin.isTTY ? processTerminal : undefined;
  },
  get isErrorsShown() {
    return process.stderr.isTTY;
  },
  onInterrupt(listener) {
    process.on("SIGINT", listener).on("SIGTERM", listener);
    return () => void process.off("SIGINT", listener).off("SIGTERM", listener);
  },
};

const processTerminal: Terminal = {
  setRaw: (isRaw) => void process.stdin.setRawMode(isRaw),
  size: () => ({ columns: process.stdout.columns, rows: process.stdout.rows }),
  onResize(listener) {
    process.stdout.on("resize", listener);
    return () => void process.stdout.off("resize", listener);
  },
};

export function streamsOf({ streams }: Pick<Io, "streams">): StandardStreams {
  if (streams) return streams;
  throw failure("Invalid", "there are no streams to read from and to write to");
}

/** Writes piece by piece, each when what stands before it was taken. Throws when nobody reads any more. */
export function writerTo(
  stream: Writable,
  stop?: AbortSignal,
): (bytes: Uint8Array | string) => Promise<void> {
  return async (bytes) => {
    stop?.throwIfAborted();
    if (!stream.write(bytes)) await once(stream, "drain", stop ? { signal: stop } : {});
  };
}
