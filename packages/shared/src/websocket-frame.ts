import { failure } from "./errors.ts";

/** Frames of the WebSocket protocol (RFC 6455, section 5), without extensions. Pure but for what the reader keeps of a half frame. */

export const opcodes = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

export interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
}

/** One frame as bytes; clients must hand in four random bytes as the mask (section 5.3), servers none. */
export function encodeFrame(opcode: number, payload: Uint8Array, mask?: Uint8Array): Buffer {
  const length = payload.byteLength;
  const wide = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + wide + (mask ? 4 : 0));
  head[0] = 0x80 | opcode;
  const short = wide === 0 ? length : wide === 2 ? 126 : 127;
  head[1] = (mask ? 0x80 : 0) | short;
  if (wide === 2) head.writeUInt16BE(length, 2);
  if (wide === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!mask) return Buffer.concat([head, payload]);
  head.set(mask, 2 + wide);
  return Buffer.concat([head, masked(payload, mask)]);
}

/** Four bytes at a time, which is what a file of a gigabyte is carried with; the order of bytes in a word is the same in both. */
function masked(payload: Uint8Array, mask: Uint8Array): Buffer {
  const { length } = payload;
  const result = Buffer.allocUnsafeSlow(length);
  result.set(payload);
  const words = new Uint32Array(result.buffer, 0, length >> 2);
  const key = new Uint32Array(Uint8Array.from(mask).buffer)[0]!;
  for (let index = 0; index < words.length; index += 1) words[index]! ^= key;
  for (let index = length & ~3; index < length; index += 1) result[index]! ^= mask[index & 3]!;
  return result;
}

/** Cuts a stream of bytes into frames, however it is chopped. */
export class FrameReader {
  readonly #mostBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** The frames that are whole now. `Invalid` for bytes that are no frames, `TooLarge` for a frame above the limit. */
  push(chunk: Uint8Array): readonly Frame[] {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#bytes += chunk.byteLength;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    const head = this.#peek(14);
    const size = sizeOf(head, this.#mostBytes);
    if (!size || this.#bytes < size.head + size.payload) return undefined;
    const first = head[0]!;
    const isMasked = (head[1]! & 0x80) !== 0;
    const bytes = this.#take(size.head + size.payload);
    const raw = bytes.subarray(size.head);
    return {
      opcode: first & 0x0f,
      isLast: (first & 0x80) !== 0,
      payload: isMasked ? masked(raw, bytes.subarray(size.head - 4, size.head)) : raw,
    };
  }

  /** The first bytes, as far as they are there. */
  #peek(count: number): Buffer {
    if ((this.#chunks[0]?.length ?? 0) >= count) return this.#chunks[0]!.subarray(0, count);
    const some: Buffer[] = [];
    for (let index = 0, bytes = 0; index < this.#chunks.length && bytes < count; index += 1) {
      some.push(this.#chunks[index]!);
      bytes += this.#chunks[index]!.length;
    }
    return Buffer.concat(some).subarray(0, count);
  }

  #take(count: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    if (all.length > count) this.#chunks.push(all.subarray(count));
    this.#bytes = all.length - count;
    return all.subarray(0, count);
  }
}

function sizeOf(
  head: Buffer,
  mostBytes: number,
): { readonly head: number; readonly payload: number } | undefined {
  if (head.length < 2) return undefined;
  if ((head[0]! & 0x70) !== 0) throw failure("Invalid", "a frame with bits of an extension");
  const short = head[1]! & 0x7f;
  const wide = short < 126 ? 0 : short === 126 ? 2 : 8;
  if (head.length < 2 + wide) return undefined;
  const payload =
    wide === 0 ? short : wide === 2 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
  if (payload > mostBytes) throw failure("TooLarge", `a frame of ${payload} bytes`);
  return { head: 2 + wide + ((head[1]! & 0x80) === 0 ? 0 : 4), payload };
}
