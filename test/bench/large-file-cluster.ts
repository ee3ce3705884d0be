import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { systemClock } from "@octoplane/shared/clock";
import { readTar, tarEnd, tarHeader, tarPadding } from "@octoplane/shared/tar-archive";
import { acceptKeyOf, WebSocketEnd } from "@octoplane/shared/websocket";

/** A simulated cluster whose containers have one file that is larger than memory should hold, and take such ones. */
export interface LargeFileCluster extends AsyncDisposable {
  readonly kubeconfig: object;
  /** Bytes of files that its containers have sent, and taken. */
  readonly moved: { sent: number; taken: number };
}

/** Everything but the commands in containers is answered by the simulation. */
export async function openLargeFileCluster(
  sim: SimCluster,
  fileBytes: number,
): Promise<LargeFileCluster> {
  const moved = { sent: 0, taken: 0 };
  const { origin, pathname } = new URL(sim.server);
  const server = createServer((request, response) => passOn(origin, request, response));
  const sockets = new Set<Duplex>();
  server.on("upgrade", (request, socket) => {
    sockets.add(socket.once("close", () => sockets.delete(socket)));
    // A client that leaves is told apart by what it got.
    void serveCommand(accept(request, socket), request, { fileBytes, moved }).catch(() =>
      socket.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const cluster = { server: `http://127.0.0.1:${port}${pathname}` };
  return {
    kubeconfig: { ...sim.kubeconfig, clusters: [{ name: sim.name, cluster }] },
    moved,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(origin: string, request: IncomingMessage, response: ServerResponse): void {
  const { method = "GET", url = "/", headers } = request;
  const onward = httpRequest(`${origin}${url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.once("close", () => onward.destroy());
  request.pipe(onward);
}

function accept({ headers }: IncomingMessage, socket: Duplex): WebSocketEnd {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKeyOf(headers["sec-websocket-key"] ?? "")}`,
    "Sec-WebSocket-Protocol: v5.channel.k8s.io",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return new WebSocketEnd(socket, { clock: systemClock });
}

/** Channels of `v5.channel.k8s.io`. */
const channels = { stdin: 0, stdout: 1, status: 3, close: 255 } as const;

const mib = 2 ** 20;
const piece = Buffer.alloc(32 * 1_024, "what is in the file; ");

interface Files {
  readonly fileBytes: number;
  readonly moved: { sent: number; taken: number };
}

/** `tar c…` gives the file whatever it is called, `tar x…` throws away what comes. */
async function serveCommand(
  end: WebSocketEnd,
  { url = "/" }: IncomingMessage,
  files: Files,
): Promise<void> {
  const [program, order = "", ...words] = new URL(url, "http://any").searchParams.getAll("command");
  const messages = end.messages();
  const isTar = program === "tar" && /^[cx]/.test(order);
  if (isTar && order.startsWith("c")) await sendFile(end, words.at(-1) ?? "", files);
  else if (isTar) await takeFiles(messages, files);
  const status = isTar
    ? { status: "Success" }
    : { status: "Failure", message: "executable file not found in $PATH" };
  await send(end, channels.status, Buffer.from(JSON.stringify({ metadata: {}, ...status })));
  end.close();
  for await (const _rest of messages) continue;
}

async function sendFile(
  end: WebSocketEnd,
  path: string,
  { fileBytes, moved }: Files,
): Promise<void> {
  const entry = { path, type: "file", mode: 0o644, size: fileBytes, modified: 0, target: "" };
  await send(end, channels.stdout, tarHeader({ ...entry, type: "file" }));
  for (let left = fileBytes; left > 0; left -= piece.length) {
    await send(end, channels.stdout, piece.subarray(0, left));
    moved.sent += Math.min(left, piece.length);
    // Where nothing ever has to wait, others are to have their turn all the same.
    if (moved.sent % mib === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await send(end, channels.stdout, Buffer.concat([tarPadding(fileBytes), tarEnd]));
}

async function takeFiles(messages: AsyncGenerator<Buffer>, { moved }: Files): Promise<void> {
  for await (const { content } of readTar(inputOf(messages))) {
    for await (const chunk of content) moved.taken += chunk.length;
  }
}

/** Until the client says that there is no more; what it says later stays to be read. */
async function* inputOf(messages: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  for (;;) {
    const { done, value } = await messages.next();
    if (done === true || value[0] === channels.close) return;
    if (value[0] === channels.stdin) yield value.subarray(1);
  }
}

async function send(end: WebSocketEnd, channel: number, bytes: Uint8Array): Promise<void> {
  await end.send(Buffer.concat([Buffer.of(channel), bytes]));
}
