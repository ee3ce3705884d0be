import { once } from "node:events";
import type { Socket } from "node:net";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { WebSocketEnd } from "@octoplane/shared/websocket";

/**
 * A connection here and a port of a Pod (`pods/portforward` over a WebSocket, version 4): channel 0 has the bytes, channel 1 what went
 * wrong, and each begins with the number of the port in two bytes.
 */
export async function joinConnection(
  socket: Socket,
  end: WebSocketEnd,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string> {
  const cut = (): void => end[Symbol.dispose]();
  signal.addEventListener("abort", cut, { once: true });
  socket.once("close", cut);
  if (signal.aborted || socket.destroyed) cut();
  const linger = new Linger(clock, cut);
  void sendAll(socket, end).then(() => linger.start(), cut);
  let problem = "";
  const hasBegun = new Set<number>();
  try {
    for await (const message of end.messages()) {
      const [channel = -1] = message;
      const isFirst = !hasBegun.has(channel);
      hasBegun.add(channel);
      const bytes = message.subarray(isFirst ? 3 : 1);
      if (bytes.length === 0) continue;
      linger.touch();
      if (channel === 1) problem += bytes.toString("utf8");
      // The Pod's side may never end a connection that it refused.
      if (channel === 1) break;
      if (channel === 0) await writeTo(socket, bytes);
    }
    await ended(socket);
  } finally {
    linger.end();
    signal.removeEventListener("abort", cut);
    cut();
  }
  return problem;
}

async function sendAll(socket: Socket, end: WebSocketEnd): Promise<void> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer;
    for (let at = 0; at < bytes.length; at += limits.rokPieceBytes) {
      const piece = bytes.subarray(at, at + limits.rokPieceBytes);
      await end.send(Buffer.concat([Buffer.of(0), piece]));
    }
  }
}

async function writeTo(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return;
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  socket.once("close", leave);
  try {
    await once(socket, "drain", { signal: gone.signal });
  } catch {
    // Nobody reads here any more: the loop ends with the WebSocket, which is cut by then.
  } finally {
    socket.off("close", leave);
  }
}

/** Everything that was written has gone. */
async function ended(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.end(() => resolve());
  });
}

/** The protocol cannot say that one side has said all: it is ended when the other is silent for a while. */
class Linger {
  readonly #clock: Clock;
  readonly #onSilence: () => void;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onSilence: () => void) {
    this.#clock = clock;
    this.#onSilence = onSilence;
  }

  start(): void {
    this.#cancel = this.#clock.after(limits.forwardLingerMs, this.#onSilence);
  }

  touch(): void {
    if (!this.#cancel) return;
    this.#cancel();
    this.start();
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
