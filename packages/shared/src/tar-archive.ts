import { failure } from "./errors.ts";

/**
 * Tar archives as streams (POSIX.1-2001 pax; ustar headers; GNU's long names are read). Archives are what files travel in to and
 * from containers, whose `tar` may be any.
 */

export interface TarEntry {
  /** As the archive has it; whoever writes it to a disk must check where it leads. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  readonly size: number;
  /** Seconds since the epoch. */
  readonly modified: number;
  /** Where a symbolic link leads. */
  readonly target: string;
}

const block = 512;
const flags = { file: "0", symlink: "2", directory: "5", other: "0" } as const;

/** What comes before the content of an entry. */
export function tarHeader(entry: TarEntry): Buffer {
  const records: Record<string, string> = {};
  if (!fits(entry.path, 100)) records["path"] = entry.path;
  if (!fits(entry.target, 100)) records["linkpath"] = entry.target;
  if (entry.size > 0o77777777777) records["size"] = String(entry.size);
  const head = ustar(entry, flags[entry.type]);
  if (Object.keys(records).length === 0) return head;
  const content = Buffer.concat(Object.entries(records).map(([key, value]) => record(key, value)));
  const extra = { ...entry, path: "pax", type: "file" as const, size: content.length, target: "" };
  return Buffer.concat([ustar(extra, "x"), content, tarPadding(content.length), head]);
}

/** What comes after a content of so many bytes. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}

/** What comes after the last entry. */
export const tarEnd: Buffer = Buffer.alloc(2 * block);

function fits(text: string, bytes: number): boolean {
  return Buffer.byteLength(text) <= bytes;
}

/** A pax record says its own length, itself included. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function ustar(entry: TarEntry, flag: string): Buffer {
  const head = Buffer.alloc(block);
  const octal = (value: number, at: number, width: number): void => {
    const largest = 8 ** (width - 1) - 1;
    const digits = Math.min(Math.max(0, Math.floor(value)), largest).toString(8);
    head.write(`${digits.padStart(width - 1, "0")}\0`, at, "latin1");
  };
  Buffer.from(entry.path).copy(head, 0, 0, 100);
  octal(entry.mode & 0o7777, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(entry.size, 124, 12);
  octal(entry.modified, 136, 12);
  head.fill(" ", 148, 156);
  head.write(flag, 156, "latin1");
  Buffer.from(entry.target).copy(head, 157, 0, 100);
  head.write("ustar\x0000", 257, "latin1");
  octal(
    head.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  head[155] = 0x20;
  return head;
}

export interface TarMember {
  readonly entry: TarEntry;
  /** To be read before the next member is asked for; what is left is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

/** The members of an archive as they come. `Invalid` for what is no archive, or ends before its end. */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const bytes = new ByteQueue(chunks);
  let extra: Readonly<Record<string, string>> = {};
  for (;;) {
    const head = await bytes.take(block, true);
    if (head === undefined || head.every((byte) => byte === 0)) break;
    const { entry, flag } = readHeader(head, extra);
    if (flag === "x" || flag === "L" || flag === "K" || flag === "g") {
      if (entry.size > longestExtra)
        throw failure("Invalid", "a header of the archive is too long");
      const text = (await bytes.take(entry.size + tarPadding(entry.size).length))!;
      const content = text.subarray(0, entry.size);
      if (flag === "x") extra = { ...extra, ...readRecords(content) };
      if (flag === "L") extra = { ...extra, path: textIn(content) };
      if (flag === "K") extra = { ...extra, linkpath: textIn(content) };
      continue;
    }
    extra = {};
    const state = { left: entry.size };
    yield { entry, content: contentOf(bytes, state) };
    for await (const _rest of contentOf(bytes, state)) continue;
    await bytes.take(tarPadding(entry.size).length);
  }
  // What follows the end is padding, and must be read for the sender to finish.
  await bytes.drain();
}

/** Names and attributes of one entry: far more than any file system has. */
const longestExtra = 1024 * 1024;

async function* contentOf(bytes: ByteQueue, state: { left: number }): AsyncGenerator<Buffer> {
  while (state.left > 0) {
    const some = await bytes.some(state.left);
    state.left -= some.length;
    yield some;
  }
}

function readHeader(
  head: Buffer,
  extra: Readonly<Record<string, string>>,
): { readonly entry: TarEntry; readonly flag: string } {
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (sum !== numberIn(head, 148, 8)) {
    throw failure("Invalid", "what came is no tar archive (is there a tar in the container?)");
  }
  const flag = head.toString("latin1", 156, 157).replace("\0", "0");
  const isUstar = head.toString("latin1", 257, 262) === "ustar" && head[262] === 0;
  const prefix = isUstar ? textIn(head.subarray(345, 500)) : "";
  const name = textIn(head.subarray(0, 100));
  const types: Readonly<Record<string, TarEntry["type"]>> = {
    0: "file",
    7: "file",
    2: "symlink",
    5: "directory",
  };
  const entry: TarEntry = {
    path: extra["path"] ?? (prefix === "" ? name : `${prefix}/${name}`),
    type: types[flag] ?? "other",
    mode: numberIn(head, 100, 8) & 0o7777,
    size: extra["size"] === undefined ? numberIn(head, 124, 12) : Number(extra["size"]),
    modified: numberIn(head, 136, 12),
    target: extra["linkpath"] ?? textIn(head.subarray(157, 257)),
  };
  if (Number.isSafeInteger(entry.size) && entry.size >= 0) return { entry, flag };
  throw failure("Invalid", "an entry of the archive has no size");
}

function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

/** Octal digits, or GNU's binary form for what does not fit. */
function numberIn(head: Buffer, at: number, width: number): number {
  if ((head[at]! & 0x80) !== 0) return Number(head.readBigUInt64BE(at + width - 8));
  const digits = head.toString("latin1", at, at + width).replaceAll(/[\0 ]/g, "");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

function readRecords(content: Buffer): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString("latin1", at, space));
    if (space < 0 || !Number.isInteger(length) || length <= 0) break;
    const text = content.toString("utf8", space + 1, at + length - 1);
    const equals = text.indexOf("=");
    if (equals > 0) found[text.slice(0, equals)] = text.slice(equals + 1);
    at += length;
  }
  return found;
}

/** Bytes in the order in which they come, in pieces of the size that is asked for. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Exactly so many; `undefined` at the end where that is allowed. */
  async take(count: number, mayEnd = false): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more())) {
        if (mayEnd && left === count) return undefined;
        throw cutShort();
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /** At least one, so many at most. */
  async some(most: number): Promise<Buffer> {
    if (this.#rest.length === 0 && !(await this.#more())) throw cutShort();
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  async drain(): Promise<void> {
    while (await this.#more()) continue;
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return false;
      if (value.byteLength === 0) continue;
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      return true;
    }
  }
}

function cutShort(): Error {
  return failure("Invalid", "the archive ends too early");
}
