import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { pipeline, type Duplex } from "node:stream";
import { messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { exitStatus, usageError } from "../exit-status.ts";
import { objectPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { oneLine } from "../output/terminal-text.ts";
import { foreignPage } from "./local-guard.ts";
import { listenOn, untilLeft } from "./local-listener.ts";
import { writeProxyConfig } from "./proxy-config.ts";
import { connectServer, startRequest, type ServerConnection } from "./server-connection.ts";

/** `rok kube proxy`: a cluster's API on a port of this machine, with the user's login at Octoplane. */

export interface ProxyFlags {
  readonly port?: number;
  readonly address?: string;
  readonly kubeconfig?: string;
}

export async function proxyCluster({ args, options, session }: Call<ProxyFlags>): Promise<number> {
  const name = args[0] ?? "";
  const { port = 8_001, address = "127.0.0.1" } = options;
  if (port < 0 || port > 65_535) throw usageError("--port: expected a port, or 0 for any");
  const path = await objectPath(session, "clusters", name);
  // Whether there is such a cluster, and a right to it, is told before anything listens.
  const { transport } = await session.client();
  await transport.json("GET", `${path}/proxy/version`);
  const passing: Passing = { server: await connectServer(session), base: `${path}/proxy` };
  const listener = createServer((request, response) => void pass(passing, request, response));
  listener.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void passUpgrade(passing, request, { socket, head });
  });
  // Watches and logs go on for as long as they like.
  listener.requestTimeout = 0;
  listener.maxConnections = limits.forwardConnectionsMax;
  try {
    const place = `http://${await listenOn(listener, address, port)}`;
    if (!isLoopback(address)) {
      session.note(`rok: everybody who reaches ${address} acts on cluster ${name} as you`);
    }
    session.io.out(oneLine(`kubectl --server=${place} get pods --all-namespaces`) + "\n");
    if (options.kubeconfig !== undefined) {
      const file = await writeProxyConfig(options.kubeconfig, session.io.cwd, { name, place });
      session.io.out(oneLine(`kubectl --kubeconfig=${file} get pods --all-namespaces`) + "\n");
    }
    await untilLeft(session.io);
    return exitStatus.ok;
  } finally {
    listener.close();
    listener.closeAllConnections();
  }
}

function isLoopback(address: string): boolean {
  if (address === "localhost" || address === "::1") return true;
  return isIP(address) === 4 && address.startsWith("127.");
}

interface Passing {
  readonly server: ServerConnection;
  /** The route that stands for the root of the cluster's API. */
  readonly base: string;
}

async function pass(
  { server, base }: Passing,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refused = foreignPage(request.headers);
  if (refused !== undefined) return refuse(response, 403, refused);
  try {
    const { method = "GET", url = "/" } = request;
    const headers = passedHeaders(request);
    const outgoing = await startRequest(server, { method, path: `${base}${url}`, headers });
    response.once("close", () => outgoing.destroy());
    outgoing.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, kept(answer.rawHeaders));
      pipeline(answer, response, () => undefined);
      response.flushHeaders();
    });
    outgoing.on("error", (error) => refuse(response, 502, messageOf(error)));
    pipeline(request, outgoing, () => undefined);
  } catch (error) {
    refuse(response, 502, messageOf(error));
  }
}

/** As an API server says it, so that kubectl shows the words. */
function statusText(code: number, message: string): string {
  const reason = code === 403 ? "Forbidden" : "ServiceUnavailable";
  const head = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
  return JSON.stringify({ ...head, message: `rok: ${message}`, reason, code });
}

function refuse(response: ServerResponse, code: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  const text = statusText(code, message);
  response.writeHead(code, { "content-type": "application/json", connection: "close" }).end(text);
}

async function passUpgrade(
  { server, base }: Passing,
  request: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  socket.on("error", () => undefined);
  const refused = foreignPage(request.headers);
  if (refused !== undefined) return answer(socket, { code: 403, text: statusText(403, refused) });
  try {
    const { method = "GET", url = "/" } = request;
    const own = passedHeaders(request);
    const upgrade = request.headers.upgrade ?? "";
    const headers = { ...own, connection: "Upgrade", upgrade };
    const outgoing = await startRequest(server, { method, path: `${base}${url}`, headers });
    socket.once("close", () => outgoing.destroy());
    outgoing.once("upgrade", (incoming, far: Duplex, farHead: Buffer) => {
      const lines = pairs(incoming.rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
      if (head.length > 0) far.write(head);
      if (farHead.length > 0) socket.write(farHead);
      join(socket, far);
    });
    outgoing.once("response", (incoming) => void passRefusal(socket, incoming));
    outgoing.on("error", (error) =>
      answer(socket, { code: 502, text: statusText(502, messageOf(error)) }),
    );
    outgoing.end();
  } catch (error) {
    answer(socket, { code: 502, text: statusText(502, messageOf(error)) });
  }
}

function join(near: Duplex, far: Duplex): void {
  far.on("error", () => undefined);
  near.once("close", () => far.destroy());
  far.once("close", () => near.end());
  near.pipe(far).pipe(near);
}

/** An ordinary answer to an upgrade is the last of its connection. */
async function passRefusal(socket: Duplex, incoming: IncomingMessage): Promise<void> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > limits.websocketMessageBytesMax) break;
    }
  } catch {
    // As much as came is what there is to say.
  }
  const type = incoming.headers["content-type"] ?? "text/plain";
  answer(socket, { code: incoming.statusCode ?? 502, text: Buffer.concat(chunks), type });
}

function answer(
  socket: Duplex,
  {
    code,
    text,
    type = "application/json",
  }: { readonly code: number; readonly text: string | Buffer; readonly type?: string },
): void {
  if (socket.destroyed || socket.writableEnded) return;
  const length = Buffer.byteLength(text);
  socket.write(
    `HTTP/1.1 ${code} Refused\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`,
  );
  socket.end(text);
}

/** Those that are about one connection only, or say who the user is here. */
const ownOfConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function passedHeaders(request: IncomingMessage): Readonly<Record<string, string[]>> {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of pairs(request.rawHeaders)) {
    const key = name.toLowerCase();
    const isOwn = ["host", "authorization", "cookie", "origin", "expect"].includes(key);
    if (isOwn || ownOfConnection.has(key)) continue;
    (headers[key] ??= []).push(value);
  }
  return headers;
}

function kept(rawHeaders: readonly string[]): string[] {
  return pairs(rawHeaders)
    .filter(([name]) => !ownOfConnection.has(name.toLowerCase()))
    .flat();
}

function pairs(rawHeaders: readonly string[]): readonly (readonly [string, string])[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""] as const] : [],
  );
}
