import type { Clock } from "@octoplane/shared/clock";
import { isStatus, notKubernetes, statusFailure, unreachable } from "./kube-failure.ts";
import { KubeError, type KubeEvent, type KubeObject } from "./kube.ts";

/** The stream of a watch: one JSON object a line, cut into chunks wherever the network likes. */

/**
 * Lines of a stream of bytes, without their ends. They are put together as bytes, so that a cut
 * inside of a character does no harm. Throws a KubeError when the stream ends within a line or a
 * line passes the bound.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...parts, chunk.subarray(start, end)]).toString("utf8");
      parts = [];
      bytes = 0;
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    const rest = chunk.subarray(start);
    bytes += rest.byteLength;
    if (bytes > lineBytesMax) throw oversizedEvent(lineBytesMax);
    if (rest.byteLength > 0) parts.push(rest);
  }
  if (Buffer.concat(parts).toString("utf8").trim() !== "") {
    throw unreachable("the watch broke off in the middle of an event");
  }
}

/** Passes chunks on, and calls `onSilence` when the next one does not come in time. */
export async function* withSilenceLimit(
  chunks: AsyncIterable<Uint8Array>,
  options: {
    readonly clock: Clock;
    readonly silenceMs: number;
    readonly onSilence: (error: KubeError) => void;
  },
): AsyncGenerator<Uint8Array> {
  const { clock, silenceMs, onSilence } = options;
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    while (true) {
      // Only the wait for the server counts, not the time that the consumer takes.
      const cancel = clock.after(silenceMs, () =>
        onSilence(unreachable(`no sign of life on the watch for ${silenceMs} ms`)),
      );
      const next = await iterator.next().finally(cancel);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** One line of a watch. An `ERROR` event is thrown: with status 410 when the version is too old. */
export function parseEvent(line: string): KubeEvent {
  const event = parseObject(line);
  const object = event["object"];
  switch (event["type"]) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      if (isObject(object)) return { type: event["type"], object };
      break;
    case "BOOKMARK": {
      const version = isObject(object) ? object.metadata.resourceVersion : undefined;
      if (version !== undefined) return { type: "BOOKMARK", resourceVersion: version };
      break;
    }
    case "ERROR":
      if (isStatus(object)) throw statusFailure(object, object.code ?? 500);
      break;
    default:
  }
  throw notKubernetes("what it sent on a watch is no event");
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // The text of the line may hold secrets, and so does the parser's message.
  }
  throw notKubernetes("what it sent on a watch is no event");
}

/** Enough to work with it: the server is believed in everything else. */
export function isObject(value: unknown): value is KubeObject {
  return (
    typeof value === "object" &&
    value !== null &&
    "metadata" in value &&
    typeof value.metadata === "object" &&
    value.metadata !== null
  );
}

function oversizedEvent(bytes: number): KubeError {
  return new KubeError(`an event of the watch is larger than ${bytes} bytes`, {
    status: 0,
    reason: "AnswerTooLarge",
    retry: false,
  });
}
