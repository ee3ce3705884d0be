import { limits } from "@octoplane/shared/limits";

/**
 * The whole lines of a stream, each with its end; what is longer than may be is cut into several. The last one gets an end when it
 * has none, so that the lines of others do not run into it.
 */
export async function* logLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      yield rest.subarray(0, end + 1);
      rest = rest.subarray(end + 1);
    }
    if (rest.length < limits.logLineBytesMax) continue;
    yield Buffer.concat([rest, lineEnd]);
    rest = Buffer.alloc(0);
  }
  if (rest.length > 0) yield Buffer.concat([rest, lineEnd]);
}

/** A line with the time that the cluster has put before it; lines of a kubelet's own, and later parts of a long line, have none. Pure. */
export function timedLine(line: Buffer): {
  readonly time: string | undefined;
  readonly text: Buffer;
} {
  const found = timeBefore.exec(line.toString("latin1", 0, timeCharsMax));
  if (!found) return { time: undefined, text: line };
  const [all, seconds = "", fraction = "", zone = ""] = found;
  // With as many digits in each, times can be compared as texts.
  return { time: `${seconds}.${fraction.padEnd(9, "0")}${zone}`, text: line.subarray(all.length) };
}

const timeBefore = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) /;
const timeCharsMax = 40;

/** How far a log has been read, by the cluster's own clock. */
export interface LogMark {
  readonly time: string;
  /** Lines of that very time. */
  readonly count: number;
}

/** The mark behind one more line. Pure. */
export function markAfter(
  mark: LogMark | undefined,
  time: string | undefined,
): LogMark | undefined {
  if (time === undefined) return mark;
  return { time, count: mark?.time === time ? mark.count + 1 : 1 };
}

/**
 * Tells line by line what was not read before: a cluster gives all lines of the second that it is asked for. What has no time
 * belongs to the line before it.
 */
export function unreadAfter(mark: LogMark | undefined): (time: string | undefined) => boolean {
  let isUnread = true;
  let known = mark?.count ?? 0;
  return (time) => {
    if (mark === undefined || time === undefined) return isUnread;
    isUnread = time > mark.time || (time === mark.time && known <= 0);
    if (time === mark.time) known -= 1;
    return isUnread;
  };
}

const newline = 0x0a;
const lineEnd = Buffer.of(newline);
