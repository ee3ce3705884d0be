import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { Clock } from "./clock.ts";
import { failure } from "./errors.ts";
import { limits } from "./limits.ts";
import type { Random } from "./random.ts";
import { encodeFrame, FrameReader, opcodes, type Frame } from "./websocket-frame.ts";

export interface WebSocketOptions {
  readonly clock: Clock;
  /** A client's: its frames are masked (RFC 6455, section 5.3). Absent: a server. */
  readonly random?: Random;
}

/** What `Sec-WebSocket-Accept` answers to a key (RFC 6455, section 4.2.2). */
export function acceptKeyOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/**
 * One end of a WebSocket over a socket whose handshake is done. Other than the browsers' interface it has back-pressure: a
 * message is read when it is asked for, and `send` waits until the socket takes more.
 */
export class WebSocketEnd implements Disposable {
  readonly #socket: Duplex;
  readonly #options: WebSocketOptions;
  #isClosing = false;
  /** What the other side said when it closed; 1006 when it did not (section 7.1.5). */
  closeCode = 1006;
  closeReason = "";

  constructor(socket: Duplex, options: WebSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    // A connection that breaks ends the messages; whoever sends is told by `send`.
    socket.on("error", () => undefined);
  }

  /** Every message until the other side closes or the connection ends. To be read by one reader. */
  async *messages(): AsyncGenerator<Buffer> {
    const reader = new FrameReader(limits.websocketMessageBytesMax);
    let parts: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.#chunks()) {
      for (const frame of reader.push(chunk)) {
        if (frame.opcode === opcodes.close) return this.#onClose(frame);
        if (frame.opcode === opcodes.ping) await this.#write(opcodes.pong, frame.payload);
        if (frame.opcode > opcodes.binary) continue;
        bytes += frame.payload.length;
        if (bytes > limits.websocketMessageBytesMax) throw failure("TooLarge", "a message");
        parts.push(frame.payload);
        if (!frame.isLast) continue;
        yield parts.length === 1 ? parts[0]! : Buffer.concat(parts);
        parts = [];
        bytes = 0;
      }
    }
  }

  /** Sends one binary message; resolves when more may follow. `Unavailable` when the connection is gone. */
  async send(message: Uint8Array): Promise<void> {
    if (this.#isClosing) throw failure("Unavailable", "the connection is closing");
    await this.#write(opcodes.binary, message);
  }

  /** Says the end; the connection is cut when the other side does not answer that in time. */
  close(code = 1000): void {
    if (this.#isClosing) return;
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    void this.#write(opcodes.close, payload).catch(() => undefined);
    this.#isClosing = true;
    this.#options.clock.after(limits.websocketCloseMs, () => this.#socket.destroy());
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.#socket) yield chunk as Buffer;
    } catch {
      // It broke: the code of an abnormal end says so.
      return;
    }
  }

  #onClose({ payload }: Frame): void {
    this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    this.closeReason = payload.subarray(2).toString("utf8");
    this.close(this.closeCode === 1005 ? 1000 : this.closeCode);
    this.#socket.end();
  }

  async #write(opcode: number, payload: Uint8Array): Promise<void> {
    const { random } = this.#options;
    if (this.#socket.destroyed || this.#socket.writableEnded) {
      throw failure("Unavailable", "the connection is closed");
    }
    if (this.#socket.write(encodeFrame(opcode, payload, random?.bytes(4)))) return;
    const ended = new AbortController();
    const gone = (): void => ended.abort();
    this.#socket.once("close", gone);
    try {
      await once(this.#socket, "drain", { signal: ended.signal });
    } catch {
      throw failure("Unavailable", "the connection is closed");
    } finally {
      this.#socket.off("close", gone);
    }
  }
}
