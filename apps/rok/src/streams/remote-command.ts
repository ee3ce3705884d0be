import type { Readable } from "node:stream";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { OpenSocket } from "./server-connection.ts";
import type { TerminalSize } from "./standard-streams.ts";

/**
 * A command in a container, over the WebSocket of `pods/exec` and `pods/attach`: the first byte of a message names its channel
 * (`remotecommand.k8s.io`, versions 4 and 5; only version 5 can say that the input has ended).
 */
export const commandProtocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, size: 4, close: 255 } as const;

export interface CommandStreams {
  /** Given up when the command ends first. */
  readonly input?: Readable | undefined;
  /** Each resolves when more may follow. */
  readonly out: (bytes: Buffer) => Promise<void>;
  readonly errors: (bytes: Buffer) => Promise<void>;
  /** The size of the terminal now and whenever it changes; the returned function ends that. */
  readonly onSize?: ((listener: (size: TerminalSize) => void) => () => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a command ended. */
export type Outcome =
  | { readonly exitCode: number }
  /** The connection ended in good order, and nothing was said: what was attached to goes on, or is over. */
  | { readonly exitCode: undefined };

/**
 * Passes everything between a command and these streams, until the command ends. `NotFound` for a command that the container does
 * not have, `Unavailable` when the connection broke.
 */
export async function runCommand(
  { end, protocol }: OpenSocket,
  { input, out, errors, onSize, signal }: CommandStreams,
): Promise<Outcome> {
  const cut = (): void => end[Symbol.dispose]();
  signal?.addEventListener("abort", cut, { once: true });
  if (signal?.aborted) cut();
  const unlisten = onSize?.((size) => void end.send(sizeMessage(size)).catch(() => undefined));
  const sending = input && sendInput({ end, protocol }, input);
  let status: Buffer | undefined;
  try {
    for await (const message of end.messages()) {
      const [channel] = message;
      const bytes = message.subarray(1);
      if (channel === channels.stdout && bytes.length > 0) await out(bytes);
      if (channel === channels.stderr && bytes.length > 0) await errors(bytes);
      if (channel === channels.status && bytes.length > 0) status = bytes;
    }
  } finally {
    unlisten?.();
    signal?.removeEventListener("abort", cut);
    input?.destroy();
    cut();
  }
  await sending;
  signal?.throwIfAborted();
  if (status) return { exitCode: exitCodeOf(status) };
  if (end.closeCode === 1000 || end.closeCode === 1005) return { exitCode: undefined };
  const why = end.closeReason === "" ? "" : `: ${end.closeReason}`;
  throw failure("Unavailable", `the connection ended before the command did${why}`);
}

/** Until there is no more of it, or nobody takes more. */
async function sendInput({ end, protocol }: OpenSocket, input: Readable): Promise<void> {
  const pieces = piecesOf(input);
  try {
    for (let piece = await pieces.next(); piece.done !== true; piece = await pieces.next()) {
      const isTaken = await end.send(message(channels.stdin, piece.value)).then(
        () => true,
        () => false,
      );
      if (!isTaken) return;
    }
  } catch {
    // Half an input must not look like a whole one.
    return end[Symbol.dispose]();
  }
  const isTold = protocol === "v5.channel.k8s.io";
  if (isTold) await end.send(Buffer.of(channels.close, channels.stdin)).catch(() => undefined);
}

async function* piecesOf(input: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of input) {
    const bytes = chunk as Buffer;
    for (let at = 0; at < bytes.length; at += limits.rokPieceBytes) {
      yield bytes.subarray(at, at + limits.rokPieceBytes);
    }
  }
}

function message(channel: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(channel), bytes]);
}

function sizeMessage({ columns, rows }: TerminalSize): Buffer {
  return message(channels.size, Buffer.from(JSON.stringify({ Width: columns, Height: rows })));
}

/** As much of the `Status` that comes last as is read here. */
interface Status {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[];
  };
}

/** Throws when there is no exit code, since nothing ran. Pure. */
export function exitCodeOf(bytes: Buffer): number {
  const status = readStatus(bytes);
  if (status.status === "Success") return 0;
  const causes = status.details?.causes ?? [];
  const code = causes.find(({ reason }) => reason === "ExitCode")?.message;
  if (code !== undefined && /^\d+$/.test(code)) return Number(code);
  const text = status.message ?? causes.map(({ message: cause = "" }) => cause).join("; ");
  const isMissing = /executable file not found|no such file or directory/i.test(text);
  throw failure(isMissing ? "NotFound" : "Unavailable", text === "" ? "the command failed" : text);
}

function readStatus(bytes: Buffer): Status {
  try {
    return JSON.parse(bytes.toString("utf8")) as Status;
  } catch {
    return { message: bytes.toString("utf8") };
  }
}
