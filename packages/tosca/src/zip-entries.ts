import { fromBufferPromise, validateFileName, type Entry as ZipEntry, type ZipFile } from "yauzl";
import { failure, messageOf, type OctoplaneError } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** The files of an archive; nothing is inflated before it is asked for, and nothing is ever written anywhere. */
export interface ZipEntries {
  /** In the order of the archive, without folders. */
  readonly names: readonly string[];
  /** The text of a file; `undefined` when there is none of the name. `Invalid` for what cannot be read, or is no UTF-8. */
  text(name: string): Promise<string | undefined>;
}

/**
 * Reads the directory of a ZIP archive. What an honest archive of texts never has is refused, with the name of the entry: names
 * that lead elsewhere, links, encryption, two entries of one name, and sizes of a bomb. `Invalid` or `TooLarge`; `source` names
 * the archive.
 */
export async function readZip(bytes: Uint8Array, source: string): Promise<ZipEntries> {
  if (bytes.length > limits.csarBytesMax) {
    throw failure("TooLarge", `${source}: longer than ${limits.csarBytesMax} bytes`);
  }
  let zip: ZipFile;
  const entries = new Map<string, ZipEntry>();
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    zip = await fromBufferPromise(buffer, { lazyEntries: true, decodeStrings: false });
    checkCount(zip.entryCount);
    let inflated = 0;
    for await (const entry of zip.eachEntry()) {
      const name = nameOf(entry);
      checkEntry(entry, name);
      inflated += entry.uncompressedSize;
      checkSize(inflated, bytes.length);
      if (entries.has(name)) throw refused(`two entries are called ${JSON.stringify(name)}`);
      entries.set(name, entry);
      checkCount(entries.size);
    }
  } catch (error) {
    throw titled(source, error);
  }
  return {
    names: [...entries.keys()].filter((name) => !name.endsWith("/")),
    text: async (name) => {
      const entry = entries.get(name);
      return entry && (await textOf({ zip, entry, name }, source));
    },
  };
}

/** Names are UTF-8, as today's tools write them; ASCII is the same in every encoding that a ZIP may have. */
function nameOf({ fileNameRaw }: ZipEntry): string {
  return decode(fileNameRaw, "the name of an entry");
}

function checkEntry(entry: ZipEntry, name: string): void {
  const told = JSON.stringify(name.slice(0, limits.toscaToldCharsMax));
  const strange = name === "" || name.includes("\0") || validateFileName(name) !== null;
  if (strange || name.split("/").includes(".")) {
    throw refused(`the name ${told} leads out of the archive, or is no name at all`);
  }
  if (entry.isEncrypted()) throw refused(`${told} is encrypted`);
  const mode = (entry.externalFileAttributes >>> 16) & fileType;
  if (mode !== 0 && mode !== regularFile && mode !== folder) {
    throw refused(`${told} is a link or a device, and not a file`);
  }
}

/** Of the mode of a file in Unix, which archives keep in the upper half of its attributes. */
const fileType = 0o170000;
const regularFile = 0o100000;
const folder = 0o040000;

function checkCount(count: number): void {
  if (count > limits.csarEntriesMax) {
    throw failure("TooLarge", `more than ${limits.csarEntriesMax} entries`);
  }
}

function checkSize(inflated: number, packed: number): void {
  const isBomb = inflated > limits.csarRatioFreeBytes && inflated > packed * limits.csarRatioMax;
  if (inflated <= limits.csarInflatedBytesMax && !isBomb) return;
  throw failure(
    "TooLarge",
    isBomb
      ? `it becomes more than ${limits.csarRatioMax} times as large as it is`
      : `it becomes larger than ${limits.csarInflatedBytesMax} bytes`,
  );
}

/** The library ends a file that is longer than the directory says, so that what was checked holds. */
async function textOf(
  file: { readonly zip: ZipFile; readonly entry: ZipEntry; readonly name: string },
  source: string,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    const stream = await file.zip.openReadStreamPromise(file.entry);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return decode(Buffer.concat(chunks), "it");
  } catch (error) {
    throw titled(`${source}: ${file.name}`, error);
  }
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refused(`${what} is not UTF-8 text`);
  }
}

function refused(message: string): OctoplaneError {
  return failure("Invalid", message);
}

/** An error of the archive with its name; what the library says of a broken one is told as it is. */
function titled(source: string, error: unknown): OctoplaneError {
  const code = (error as { readonly code?: unknown }).code === "TooLarge" ? "TooLarge" : "Invalid";
  return failure(code, `${source}: ${messageOf(error)}`);
}
