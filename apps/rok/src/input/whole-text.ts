import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/**
 * All of a source as text. `TooLarge` past the limit of bytes, `Invalid` for what is no UTF-8, each
 * with the name of the source.
 */
export async function wholeText(name: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return utf8Text(name, await wholeBytes(name, chunks));
}

/** All of a source. `TooLarge` past the limit of bytes, with the name of the source. */
export async function wholeBytes(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > limits.rokSourceBytesMax) {
      throw failure("TooLarge", `${name}: longer than ${limits.rokSourceBytesMax} bytes`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** The text of bytes, a byte order mark included. `Invalid` with the offset of the first byte that is no UTF-8. */
export function utf8Text(name: string, bytes: Uint8Array): string {
  const archive = archiveOf(bytes);
  if (archive !== undefined) throw failure("Invalid", `${name} is ${archive}`);
  const text = Buffer.from(bytes).toString("utf8");
  const offset = strangeByte(text, bytes);
  if (offset === undefined) return text;
  const byte = (bytes[offset] ?? 0).toString(16).padStart(2, "0");
  const wide = /^(?:fffe|feff)/.test(Buffer.from(bytes.subarray(0, 2)).toString("hex"));
  const hint = wide ? ", it looks like UTF-16: save it as UTF-8" : "";
  throw failure("Invalid", `${name} is not UTF-8 text (byte 0x${byte} at offset ${offset}${hint})`);
}

/** What cannot be read becomes U+FFFD; one that stood there already is three bytes of UTF-8. */
function strangeByte(text: string, bytes: Uint8Array): number | undefined {
  let offset = 0;
  let counted = 0;
  for (let at = text.indexOf("\uFFFD"); at >= 0; at = text.indexOf("\uFFFD", at + 1)) {
    offset += Buffer.byteLength(text.slice(counted, at));
    const stands = [0xef, 0xbf, 0xbd].every((byte, index) => bytes[offset + index] === byte);
    if (!stands) return offset;
    counted = at;
  }
  return undefined;
}

/** True for what begins like a ZIP archive: a CSAR archive, mostly. */
export function isZip(bytes: Uint8Array): boolean {
  return firstBytes(bytes) === "504b0304";
}

function firstBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 4)).toString("hex");
}

function archiveOf(bytes: Uint8Array): string | undefined {
  if (isZip(bytes)) {
    return "a ZIP archive; a CSAR archive is given as a file, with -f, or by its address, with --url";
  }
  return firstBytes(bytes).startsWith("1f8b")
    ? "a compressed archive; a packed Helm chart is given with --chart"
    : undefined;
}
