import { KubeError, type Kube } from "@octoplane/kube/kube";
import { pause, type Clock } from "@octoplane/shared/clock";
import { isFailure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { logLines, markAfter, timedLine, unreadAfter, type LogMark } from "./log-lines.ts";
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
  /** Its container had ended before it was asked for the last time. */
  hasEnded: boolean;
  /**
   * Whether something is unread when its container ends: surely after a failure; perhaps when the log ended by itself, since a
   * server ends it in the same way when its kubelet goes away.
   */
  rest: "none" | "perhaps" | "surely";
  /** When something was last heard of it, by the monotonic clock. */
  heard: number;
  /** When it was asked for first, by the same clock: a kubelet does not answer before it has a line. */
  asked: number | undefined;
  /** Up to where it was read. */
  mark: LogMark | undefined;
  /** Its container came while others were followed already: nobody has seen anything of it. */
  readonly isLate: boolean;
}

/**
 * When following ends by itself: never, since more Pods may come; when those that there are have all ended; or when nothing
 * is written any more, be there Pods or not.
 */
export type FollowEnd = "never" | "with-pods" | "now";

/**
 * All logs at once, for as long as somebody reads. `look` gives the sources of the moment: those that are new join in, a log that
 * ends while its container runs is opened again, and what is unread when the container has ended is read. `end` is asked after each look.
 */
export async function followLogs(
  merge: LogMerge,
  look: () => Promise<readonly LogSource[]>,
  end: () => FollowEnd,
): Promise<void> {
  const { clock, signal } = merge;
  const readings = new Map<string, Reading>();
  let quietLooks = 0;
  let hasLooked = false;
  let onEnd = (): void => undefined;
  while (!signal.aborted) {
    const wake = new AbortController();
    const seen = await lookAgain(merge, look);
    if (seen === "none") return;
    const sources = seen === "unknown" ? [] : seen;
    const present = new Set(sources.map(({ key }) => key));
    for (const [key, { isOver }] of readings)
      if (seen !== "unknown" && isOver && !present.has(key)) readings.delete(key);
    for (const source of sources) {
      const known = readings.get(source.key);
      if (!source.hasRun || (known && !isDue(known, source, clock))) continue;
      const under = [...readings.values()].filter(({ isOver }) => !isOver).length;
      if (under >= limits.logSourcesMax) break;
      const heard = clock.monotonic();
      const fresh = { asked: undefined, mark: undefined, isLate: hasLooked };
      const begun = { isOver: false, hasEnded: !source.isRunning, rest: "surely", heard } as const;
      const reading: Reading = { ...fresh, ...known, ...begun };
      readings.set(source.key, reading);
      const isMarked = (): boolean => merge.prefix ?? readings.size > 1;
      void readOn(merge, source, { reading, isMarked }).then(() => onEnd());
    }
    const isQuiet = [...readings.values()].every(({ isOver }) => isOver);
    if (isQuiet && seen !== "unknown" && isAllTold(sources, readings, end())) return;
    hasLooked ||= seen !== "unknown";
    // What has just ended, or is to start, is about to be followed by something.
    quietLooks = isQuiet ? quietLooks + 1 : 0;
    const soon = quietLooks === 0 ? Infinity : limits.logSourcesSoonMs * 2 ** quietLooks;
    onEnd = () => wake.abort();
    const { logSourcesLookMs } = limits;
    await pause(clock, Math.min(soon, logSourcesLookMs), AbortSignal.any([signal, wake.signal]));
  }
}

function isAllTold(
  sources: readonly LogSource[],
  readings: ReadonlyMap<string, Reading>,
  end: FollowEnd,
): boolean {
  if (end === "never") return false;
  const isTold = (source: LogSource): boolean => {
    const reading = readings.get(source.key);
    if (!source.hasRun) return end === "now";
    return !source.isRunning && reading !== undefined && !isOwed(reading, source);
  };
  return (end === "now" || sources.length > 0) && sources.every(isTold);
}

/** A cluster that does not answer for a while is asked again; what is not there any more ends it all, with a word. */
async function lookAgain(
  { signal, write }: LogMerge,
  look: () => Promise<readonly LogSource[]>,
): Promise<readonly LogSource[] | "none" | "unknown"> {
  try {
    return await look();
  } catch (error) {
    if (signal.aborted || !isFailure(error, "NotFound")) return "unknown";
    await write(Buffer.from(`octoplane: ${error.message}\n`));
    return "none";
  }
}

function isDue(reading: Reading, source: LogSource, clock: Clock): boolean {
  const { isOver, hasEnded, heard } = reading;
  if (!isOver || (!source.isRunning && !isOwed(reading, source))) return false;
  // What has just ended does not end again at once, and people wait for its last lines.
  if (!source.isRunning && !hasEnded) return true;
  return clock.monotonic() - heard >= limits.logRetryMs;
}

/** Whether the end of a log is to be read. That of a container that may begin anew any moment would be taken for that of its next run. */
function isOwed({ rest }: Reading, { mayRestart }: LogSource): boolean {
  return rest === "surely" || (rest === "perhaps" && !mayRestart);
}

/**
 * Every line with its time; of a log that was read before, only what may be new. Since when is told in the cluster's time: its
 * clock may be another one than ours.
 */
function openAgain(
  merge: LogMerge,
  source: LogSource,
  { asked, mark, isLate, hasEnded }: Reading,
): Promise<AsyncIterable<Uint8Array>> {
  const follow = hasEnded ? "false" : "true";
  const timed: LogMerge["query"] = { ...merge.query, timestamps: "true", follow };
  const { tailLines: _lines, ...whole } = timed;
  if (asked === undefined) return openLog({ ...merge, query: isLate ? whole : timed }, source);
  const { sinceSeconds: _seconds, sinceTime: _time, ...query } = whole;
  const seconds = Math.ceil((merge.clock.monotonic() - asked) / 1_000) + 1;
  const since = mark ? { sinceTime: mark.time } : { sinceSeconds: String(seconds) };
  return openLog({ ...merge, query: { ...query, ...since } }, source);
}

async function readOn(
  merge: LogMerge,
  source: LogSource,
  { reading, isMarked }: { readonly reading: Reading; readonly isMarked: () => boolean },
): Promise<void> {
  const isAgain = reading.asked !== undefined;
  await noted(merge, source, async () => {
    try {
      await readLines(merge, source, { reading, isMarked });
      reading.rest = reading.hasEnded ? "none" : "perhaps";
    } catch (error) {
      if (reading.hasEnded && isFinal(error)) reading.rest = "none";
      // What has gone with its container was read as far as it could be.
      if (!isAgain || reading.rest === "surely") throw error;
    }
  });
  reading.isOver = true;
}

function isFinal(error: unknown): boolean {
  return error instanceof KubeError && !error.retry;
}

async function readLines(
  merge: LogMerge,
  source: LogSource,
  { reading, isMarked }: { readonly reading: Reading; readonly isMarked: () => boolean },
): Promise<void> {
  const opening = openAgain(merge, source, reading);
  reading.asked ??= merge.clock.monotonic();
  const isUnread = unreadAfter(reading.mark);
  const chunks = await opening;
  for await (const line of logLines(chunks)) {
    reading.heard = merge.clock.monotonic();
    const { time, text } = timedLine(line);
    if (!isUnread(time)) continue;
    reading.mark = markAfter(reading.mark, time);
    const wanted = merge.query["timestamps"] === "true" ? line : text;
    await merge.write(marked(wanted, source, isMarked()));
  }
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
