import { spawn, type ChildProcess } from "node:child_process";
import { linkedAbort } from "@octoplane/shared/abort";
import { environmentWith } from "@octoplane/shared/config";
import { failure, isFailure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Io } from "../io.ts";
import { wholeText } from "./whole-text.ts";

/** What a tool that is installed here printed, and what it said beside. */
export interface ToolRun {
  readonly text: string;
  readonly words: string;
}

type Place = Pick<Io, "clock" | "cwd" | "environment" | "stop">;

/**
 * Runs a tool of the PATH in the user's folder, with the user's environment and nothing in the
 * standard input, and gives what it printed; `undefined` when there is no such tool. `Internal` with
 * its own words when it fails, `TooLarge` when it prints too much, `Timeout`. `told` says in errors
 * what was run: arguments may hold secrets. The tool ends when `rok` does.
 */
export async function runTool(
  tool: string,
  args: readonly string[],
  told: string,
  io: Place,
): Promise<ToolRun | undefined> {
  const path = io.environment("PATH");
  const kill = (): void => void child.kill("SIGKILL");
  // Before it is there: it may have begun its work when this process goes on.
  const release = endWith(kill);
  const child = spawn(tool, args, {
    cwd: io.cwd,
    env: environmentWith(path === undefined ? {} : { PATH: path }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = endOf(child);
  const limit = linkedAbort(io.stop, { clock: io.clock, ms: limits.rokToolMs });
  const { signal } = limit.controller;
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  try {
    const [text, words, end] = await Promise.all([
      wholeText(told, child.stdout as AsyncIterable<Uint8Array>),
      lastWords(child.stderr as AsyncIterable<Uint8Array>),
      ended,
    ]);
    if (signal.aborted) throw failure("Timeout", `${told}: ${messageOf(signal.reason)}`);
    if (end === 0) return { text, words };
    const said = words === "" ? "" : `:\n${words}`;
    throw failure("Internal", `${told} ended with ${end}${said}`);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (isFailure(error)) throw error;
    throw failure("Internal", `${told} cannot be run: ${messageOf(error)}`);
  } finally {
    kill();
    signal.removeEventListener("abort", kill);
    limit.release();
    release();
  }
}

/** Its exit status, or the name of the signal that ended it. */
function endOf(child: ChildProcess): Promise<number | string> {
  const ended = Promise.withResolvers<number | string>();
  child.once("error", ended.reject);
  child.once("close", (code, signal) => ended.resolve(code ?? signal ?? 1));
  // Whoever waits for its output may fail first.
  ended.promise.catch(() => undefined);
  return ended.promise;
}

/** Ends the tool when this process is told to end, and then lets the signal do what it always does. */
function endWith(kill: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const pass = (signal: NodeJS.Signals): void => {
    kill();
    release();
    process.kill(process.pid, signal);
  };
  const release = (): void => signals.forEach((signal) => void process.off(signal, pass));
  for (const signal of signals) process.on(signal, pass);
  return release;
}

async function lastWords(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let last = Buffer.alloc(0);
  for await (const chunk of chunks) {
    last = Buffer.concat([last, chunk]).subarray(-limits.rokToolWordsBytesMax);
  }
  return last.toString("utf8").trim();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error as { readonly code?: unknown }).code === "ENOENT";
}
