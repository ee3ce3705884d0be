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

const newline = 0x0a;
const lineEnd = Buffer.of(newline);
