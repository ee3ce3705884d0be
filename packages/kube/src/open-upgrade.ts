import type { Duplex } from "node:stream";
import { limits } from "@octoplane/shared/limits";
import type { Dispatcher } from "undici";
import type { Headers } from "./passed-headers.ts";

export type Opening =
  | { readonly type: "upgraded"; readonly headers: Headers; readonly socket: Duplex }
  | {
      readonly type: "refused";
      readonly status: number;
      readonly headers: Headers;
      readonly body: Buffer;
    };

/**
 * Asks for an upgrade, and gives the raw socket or what the server answered instead; the client library's own call loses the
 * latter. `signal` counts until then; after that the socket belongs to the caller.
 */
export function openUpgrade(
  pool: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Opening> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let refusal: { readonly status: number; readonly headers: Headers } | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    const giveUp = (): void => {
      const reason: unknown = signal.reason;
      const error = reason instanceof Error ? reason : new Error("given up");
      controller?.abort(error);
      reject(error);
    };
    const settle = (opening: Opening): void => {
      signal.removeEventListener("abort", giveUp);
      resolve(opening);
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    pool.dispatch(options, {
      onRequestStart(begun) {
        controller = begun;
        if (signal.aborted) giveUp();
      },
      onRequestUpgrade(_controller, _status, headers, socket) {
        if (signal.aborted) socket.destroy();
        else settle({ type: "upgraded", headers, socket });
      },
      onResponseStart(_controller, status, headers) {
        refusal = { status, headers };
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        if (bytes <= limits.messageCharsMax * 64) chunks.push(chunk);
      },
      onResponseEnd() {
        const body = Buffer.concat(chunks);
        if (refusal) settle({ type: "refused", ...refusal, body });
      },
      onResponseError(_controller, error) {
        signal.removeEventListener("abort", giveUp);
        reject(error);
      },
    });
  });
}

/** What a server says of a refusal, as far as anybody reads it. */
export async function readSmall(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > limits.messageCharsMax * 64) break;
  }
  return Buffer.concat(chunks);
}
