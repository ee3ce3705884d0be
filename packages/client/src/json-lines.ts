import { failure } from "@octoplane/shared/errors";

/**
 * The lines of a stream of bytes, without their ends. A line longer than the bound is `TooLarge`: a
 * server that never ends its line must not fill the memory. What stands after the last line end is
 * no whole line and is left out. The stream is cancelled when the reader stops early.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  charsMax: number,
): AsyncGenerator<string, void, undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const pieces = decoder.decode(value, { stream: true }).split("\n");
      const last = pieces.pop() ?? "";
      for (const piece of pieces) {
        parts.push(piece);
        yield parts.join("").replace(/\r$/, "");
        parts = [];
        length = 0;
      }
      parts.push(last);
      length += last.length;
      if (length > charsMax) {
        throw failure("TooLarge", `the server sent a line of more than ${charsMax} characters`);
      }
    }
  } finally {
    // A connection that broke cannot be cancelled any more; it is over either way.
    await reader.cancel().catch(() => undefined);
  }
}
