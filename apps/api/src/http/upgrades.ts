import { ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** Requests that want to leave HTTP. They go through the router and all its hooks like any other. */

interface Waiting {
  readonly socket: Duplex;
  /** What the client sent already. */
  readonly head: Buffer;
  isTaken: boolean;
}

const waiting = new WeakMap<IncomingMessage, Waiting>();

const protocols: ReadonlySet<string> = new Set(["websocket", "spdy/3.1"]);

/** Whether a request may leave HTTP at all; whoever offers anything else (HTTP/2, say) gets an ordinary answer. */
export function wantsUpgrade({ headers }: IncomingMessage): boolean {
  return protocols.has(headers.upgrade?.toLowerCase() ?? "");
}

/** To be called before the server listens. */
export function useUpgrades(app: FastifyInstance): void {
  app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const entry: Waiting = { socket, head, isTaken: false };
    waiting.set(request, entry);
    socket.on("error", () => undefined);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(request.socket);
    // An ordinary answer is the last of this connection.
    response.once("finish", () => {
      if (!entry.isTaken) socket.end();
    });
    app.routing(request, response);
  });
}

/** Whether this request came as an upgrade. */
export function isUpgrade(request: FastifyRequest): boolean {
  return waiting.has(request.raw);
}

/** `Invalid` for a request that is none. */
export function demandUpgrade(request: FastifyRequest): void {
  if (isUpgrade(request)) return;
  throw failure("Invalid", "expected an upgrade to a WebSocket (Upgrade: websocket)");
}

/** Aborts when the client has gone, or has its whole answer. */
export function clientGone(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  // The response of an upgrade ends with its handshake; the connection of any other serves further requests.
  const ending = waiting.get(request.raw)?.socket ?? reply.raw;
  ending.once("close", () => controller.abort());
  if (ending.destroyed) controller.abort();
  return controller.signal;
}

/**
 * Answers 101 with these headers, and passes bytes both ways until either side ends. Nothing is held but what one side has not
 * taken yet. `signal` cuts both.
 */
export function joinSockets(
  request: FastifyRequest,
  reply: FastifyReply,
  {
    socket: far,
    headers,
    ...options
  }: {
    readonly socket: Duplex;
    readonly headers: Readonly<Record<string, string | string[]>>;
    readonly signal: AbortSignal;
    readonly clock: Clock;
    readonly onEnd: () => void;
  },
): void {
  const entry = waiting.get(request.raw);
  if (!entry) throw new Error("there is no upgrade to answer");
  const { socket: near, head } = entry;
  entry.isTaken = true;
  reply.hijack();
  const { raw } = reply;
  const upgrade = request.headers.upgrade ?? "websocket";
  raw.writeHead(101, { ...headers, connection: "Upgrade", upgrade }).end();
  raw.detachSocket(request.raw.socket);
  if (head.length > 0) near.unshift(head);
  let cancel = (): void => undefined;
  const cut = (): void => {
    cancel();
    near.destroy();
    far.destroy();
    options.signal.removeEventListener("abort", cut);
    options.onEnd();
  };
  const cutSoon = (): void => {
    cancel();
    cancel = options.clock.after(limits.websocketCloseMs, cut);
  };
  near.once("close", cut).once("end", cutSoon).once("finish", cutSoon);
  // What the cluster said last has still to be read by the client, however slow it is.
  far.once("close", () => (near.writableFinished ? cut() : near.end()));
  far.on("error", () => undefined);
  options.signal.addEventListener("abort", cut, { once: true });
  near.pipe(far).pipe(near);
  if (options.signal.aborted || near.destroyed || far.destroyed) cut();
}
