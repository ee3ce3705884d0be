import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { errorOfAnswer, errorOfConnection } from "@octoplane/client/problem";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { systemRandom } from "@octoplane/shared/random";
import { acceptKeyOf, WebSocketEnd } from "@octoplane/shared/websocket";
import type { TlsFiles } from "../access/tls-fetch.ts";
import type { Session } from "../session.ts";

/** A server, for answers without an end and for WebSockets: `fetch` cuts what is silent for minutes, and cannot leave HTTP. */
export interface ServerConnection {
  /** Without a slash at its end. */
  readonly address: string;
  readonly tls: TlsFiles | undefined;
  readonly clock: Session["io"]["clock"];
  /** The token of the moment. */
  token(): Promise<string | undefined>;
}

export async function connectServer(session: Session): Promise<ServerConnection> {
  // The client judges address and token.
  const { address } = await session.client();
  const { tls } = await session.find();
  return { address, tls, clock: session.io.clock, token: () => session.token() };
}

export interface Asked {
  readonly method?: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly signal?: AbortSignal | undefined;
}

/** A request with the user's credentials, whose body is still to be written. */
export async function startRequest(
  { address, tls, token }: ServerConnection,
  { method = "GET", path, headers = {}, signal }: Asked,
): Promise<ClientRequest> {
  const bearer = await token();
  const request = address.startsWith("https:") ? httpsRequest : httpRequest;
  const outgoing = request(`${address}${path}`, {
    method,
    headers: {
      ...headers,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    ...tls,
    ...(signal ? { signal } : {}),
  });
  // What idles is asked for signs of life, so that nobody waits for a machine that has gone.
  outgoing.once("socket", (socket) => socket.setKeepAlive(true, limits.rokKeepAliveMs));
  return outgoing;
}

/** An answer that is read while it comes. The signal ends it. */
export async function openStream(
  server: ServerConnection,
  path: string,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Buffer>> {
  const outgoing = await startRequest(server, { path, signal });
  const { incoming } = await answered(server, outgoing.end());
  await demandGood(server, path, incoming);
  return chunksOf(server, incoming, signal);
}

async function* chunksOf(
  { address }: ServerConnection,
  incoming: IncomingMessage,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of incoming) yield chunk as Buffer;
  } catch {
    if (!signal?.aborted) throw failure("Unavailable", `${address} ended the connection`);
  }
}

export interface OpenSocket {
  readonly end: WebSocketEnd;
  /** The one that was chosen. */
  readonly protocol: string;
}

/** A WebSocket; what the server refuses is an error as with any other request. */
export async function openSocket(
  server: ServerConnection,
  path: string,
  protocols: readonly string[],
  signal?: AbortSignal,
): Promise<OpenSocket> {
  const key = systemRandom.bytes(16).toString("base64");
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": key,
    "sec-websocket-version": "13",
    "sec-websocket-protocol": protocols.join(", "),
  };
  const outgoing = await startRequest(server, { path, headers, signal });
  const { incoming, socket } = await answered(server, outgoing.end());
  if (!socket) {
    await demandGood(server, path, incoming);
    incoming.destroy();
    throw failure("Unavailable", `${server.address} does not speak WebSocket`);
  }
  const accepted = incoming.headers["sec-websocket-accept"];
  const protocol = incoming.headers["sec-websocket-protocol"] ?? "";
  if (accepted !== acceptKeyOf(key) || !protocols.includes(protocol)) {
    socket.destroy();
    throw failure("Unavailable", `${server.address} answered another WebSocket than was asked for`);
  }
  return {
    end: new WebSocketEnd(socket, { clock: server.clock, random: systemRandom }),
    protocol,
  };
}

interface Answered {
  readonly incoming: IncomingMessage;
  /** That of an upgrade. */
  readonly socket?: Duplex;
}

/** The beginning of the answer, within the time that any answer has. */
async function answered(
  { address, clock }: ServerConnection,
  outgoing: ClientRequest,
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const cancel = clock.after(limits.clientRequestMs, () => {
    const seconds = limits.clientRequestMs / 1_000;
    outgoing.destroy(failure("Timeout", `${address} did not answer within ${seconds} s`));
  });
  outgoing.once("response", (incoming) => resolve({ incoming }));
  outgoing.once("upgrade", (incoming, socket, head) => {
    if (head.length > 0) socket.unshift(head);
    resolve({ incoming, socket });
  });
  outgoing.on("error", reject);
  try {
    return await promise;
  } catch (error) {
    throw isFailure(error) ? error : errorOfConnection(error, address);
  } finally {
    cancel();
  }
}

async function demandGood(
  { address }: ServerConnection,
  path: string,
  incoming: IncomingMessage,
): Promise<void> {
  const status = incoming.statusCode ?? 0;
  if (status >= 200 && status < 300) return;
  if (status < 400) {
    incoming.destroy();
    const to = incoming.headers.location ?? "another address";
    throw failure("Unavailable", `${address} redirects to ${to}; use that address`);
  }
  let text = "";
  incoming.setEncoding("utf8");
  for await (const chunk of incoming) {
    text += chunk as string;
    if (text.length > limits.clientAnswerBytesMax) break;
  }
  throw errorOfAnswer(status, text, { method: "GET", url: `${address}${path}` });
}
