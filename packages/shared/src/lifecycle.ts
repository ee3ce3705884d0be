import { systemClock } from "./clock.ts";
import { limits } from "./limits.ts";

/** Something that runs until it is disposed of. */
export interface Running extends AsyncDisposable {
  /** Where it listens, if it does: `http://127.0.0.1:8080`. */
  readonly address?: string;
}

/** Disposes of the parts in reverse order of their start; every part gets its turn, the first error is thrown. */
export async function disposeAll(parts: readonly AsyncDisposable[]): Promise<void> {
  const errors: unknown[] = [];
  for (const part of parts.toReversed()) {
    try {
      await part[Symbol.asyncDispose]();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/**
 * Keeps the process alive until the returned function is called: our timers never do, and a program that merely waits for
 * a server that is away must not end for that.
 */
export function stayAlive(): () => void {
  const timer = setInterval(() => undefined, 60_000);
  return () => clearInterval(timer);
}

/**
 * The life of a process: starts, waits for SIGINT or SIGTERM, disposes. A second signal, or a disposal that
 * takes longer than the drain limit twice over, ends the process at once.
 */
export async function runUntilSignal(
  start: (signal: AbortSignal) => Promise<AsyncDisposable>,
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const stopped = new Promise<void>((resolve) => {
    const stop = (): void => {
      if (signal.aborted) process.exit(130);
      controller.abort();
      systemClock.after(limits.drainMs * 2, () => process.exit(1));
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
  const release = stayAlive();
  try {
    const running = await startedUnlessStopped(start, signal);
    await stopped;
    await running?.[Symbol.asyncDispose]();
  } finally {
    release();
  }
}

/** Told to stop before it was up, a process ends what it was waiting for; that this fails then is no failure. */
async function startedUnlessStopped(
  start: (signal: AbortSignal) => Promise<AsyncDisposable>,
  signal: AbortSignal,
): Promise<AsyncDisposable | undefined> {
  try {
    return await start(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
