import type { Kube } from "@octoplane/kube/kube";
import { isoTime, pause, type Clock } from "@octoplane/shared/clock";
import { isFailure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { logLines } from "./log-lines.ts";
import type { LogSource } from "./log-sources.ts";

export interface LogMerge {
  readonly kube: Kube;
  /** The parameters of `pods/log` that hold for every source. */
  readonly query: Readonly<Record<string, string>>;
  /** Whether lines say whose they are; `undefined`: when there are several. */
  readonly prefix: boolean | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Resolves when more may follow. */
  readonly write: (bytes: Buffer) => Promise<void>;
}

/** The answer of one source; a KubeError when there is none. */
export function openLog(
  { kube, query, signal }: Pick<LogMerge, "kube" | "query" | "signal">,
  { namespace, pod, container }: LogSource,
): Promise<AsyncIterable<Uint8Array>> {
  const place = [namespace, "pods", pod].map(encodeURIComponent).join("/");
  const search = `?${new URLSearchParams({ ...query, container }).toString()}`;
  const mayBeSilent = query["follow"] === "true";
  const path = `/api/v1/namespaces/${place}/log`;
  return kube.stream({ method: "GET", path, search, mayBeSilent }, signal);
}

/** One log after the other, as they are now. The first is open already: why it could not be opened is an answer of its own. */
export async function writeLogs(
  merge: LogMerge,
  sources: readonly LogSource[],
  first: AsyncIterable<Uint8Array> | undefined,
): Promise<void> {
  const isPrefixed = merge.prefix ?? sources.length > 1;
  for (const [index, source] of sources.entries()) {
    await noted(merge, source, async () => {
      const chunks = index === 0 && first ? first : await openLog(merge, source);
      for await (const line of logLines(chunks))
        await merge.write(marked(line, source, isPrefixed));
    });
  }
}

interface Reading {
  isOver: boolean;
  /** Milliseconds since the epoch: from when on it is read again. */
  since: number;
}

/**
 * When following ends by itself: never, since more Pods may come; when those that there are have all ended; or when nothing
 * is written any more, be there Pods or not.
 */
export type FollowEnd = "never" | "with-pods" | "now";

/**
 * All logs at once, for as long as somebody reads. `look` gives the sources of the moment: those that are new join in, a log that
 * ends while its container runs is opened again. `end` is asked after each look.
 */
export async function followLogs(
  merge: LogMerge,
  look: () => Promise<readonly LogSource[]>,
  end: () => FollowEnd,
): Promise<void> {
  const { clock, signal } = merge;
  const readings = new Map<string, Reading>();
  let quietLooks = 0;
  let onEnd = (): void => undefined;
  while (!signal.aborted) {
    const wake = new AbortController();
    const sources = await lookAgain(merge, look);
    if (sources === "none") return;
    const present = new Set(sources.map(({ key }) => key));
    for (const [key, { isOver }] of readings) if (isOver && !present.has(key)) readings.delete(key);
    for (const source of sources) {
      const known = readings.get(source.key);
      if (!source.hasRun || (known && !isDue(known, source, clock))) continue;
      const under = [...readings.values()].filter(({ isOver }) => !isOver).length;
      if (under >= limits.logSourcesMax) break;
      const reading = { isOver: false, since: clock.now() };
      readings.set(source.key, reading);
      const isMarked = (): boolean => merge.prefix ?? readings.size > 1;
      const again = known && { sinceTime: isoTime(known.since) };
      void readOn(againFrom(merge, again), source, { reading, isMarked }).then(() => onEnd());
    }
    const isQuiet = [...readings.values()].every(({ isOver }) => isOver);
    if (isQuiet && isAllTold(sources, end())) return;
    // What has just ended, or is to start, is about to be followed by something.
    quietLooks = isQuiet ? quietLooks + 1 : 0;
    const soon = quietLooks === 0 ? Infinity : limits.logSourcesSoonMs * 2 ** quietLooks;
    onEnd = () => wake.abort();
    const { logSourcesLookMs } = limits;
    await pause(clock, Math.min(soon, logSourcesLookMs), AbortSignal.any([signal, wake.signal]));
  }
}

function isAllTold(sources: readonly LogSource[], end: FollowEnd): boolean {
  if (end === "never") return false;
  if (end === "now") return sources.every(({ isRunning }) => !isRunning);
  return sources.length > 0 && sources.every(({ isRunning, hasRun }) => hasRun && !isRunning);
}

/** A cluster that does not answer for a while is asked again; what is not there any more ends it all, with a word. */
async function lookAgain(
  { signal, write }: LogMerge,
  look: () => Promise<readonly LogSource[]>,
): Promise<readonly LogSource[] | "none"> {
  try {
    return await look();
  } catch (error) {
    if (signal.aborted || !isFailure(error, "NotFound")) return [];
    await write(Buffer.from(`octoplane: ${error.message}\n`));
    return "none";
  }
}

function isDue({ isOver, since }: Reading, { isRunning }: LogSource, clock: Clock): boolean {
  return isOver && isRunning && clock.now() - since >= limits.logRetryMs;
}

/** The same logs, but only what was not read yet. */
function againFrom(merge: LogMerge, again: { readonly sinceTime: string } | undefined): LogMerge {
  if (!again) return merge;
  const { sinceSeconds: _seconds, tailLines: _lines, ...query } = merge.query;
  return { ...merge, query: { ...query, sinceTime: again.sinceTime } };
}

async function readOn(
  merge: LogMerge,
  source: LogSource,
  { reading, isMarked }: { readonly reading: Reading; readonly isMarked: () => boolean },
): Promise<void> {
  await noted(merge, source, async () => {
    const chunks = await openLog(merge, source);
    for await (const line of logLines(chunks)) {
      reading.since = merge.clock.now();
      await merge.write(marked(line, source, isMarked()));
    }
  });
  reading.isOver = true;
}

/** A log that cannot be read says so in a line of its own; the others go on. */
async function noted(merge: LogMerge, source: LogSource, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (merge.signal.aborted) return;
    const text = `octoplane: ${source.pod}/${source.container}: ${messageOf(error)}\n`;
    await merge.write(Buffer.from(text)).catch(() => undefined);
  }
}

function marked(line: Buffer, { pod, container }: LogSource, isMarked: boolean): Buffer {
  return isMarked ? Buffer.concat([Buffer.from(`${pod}/${container} `), line]) : line;
}
