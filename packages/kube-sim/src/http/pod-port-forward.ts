import { badRequest } from "../api-error.ts";
import type { Cluster } from "../cluster.ts";
import { textAt } from "../json.ts";
import type { SimObject } from "../sim-object.ts";
import { acceptWebSocket, type Accepted } from "./accept-websocket.ts";
import type { Exchange } from "./exchange.ts";
import { portsOf } from "./pod-container.ts";

/**
 * `pods/portforward` over a WebSocket of version 4: two channels for each port, data and error, each of which begins with the
 * port's number (16 bits, little-endian). Behind every port answers a server that tells where it is and repeats what it got.
 */
export async function servePodPortForward(
  exchange: Exchange,
  cluster: Cluster,
  pod: SimObject,
): Promise<void> {
  if (textAt(pod, "status", "phase") !== "Running") {
    throw badRequest(`pod ${pod.metadata.name} is not running`);
  }
  const ports = exchange.query.getAll("ports").flatMap((text) => text.split(","));
  if (ports.length === 0) throw badRequest('query parameter "port" is required');
  const numbers = ports.map((text) => {
    const port = Number(text);
    if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
    throw badRequest(`unable to parse "${text}" as a port`);
  });
  const { end } = acceptWebSocket(cluster, exchange, ["v4.channel.k8s.io"]);
  try {
    await forward(end, pod, numbers);
  } catch {
    end[Symbol.dispose]();
  }
}

async function forward(
  end: Accepted["end"],
  pod: SimObject,
  ports: readonly number[],
): Promise<void> {
  const answers = new Map<number, (bytes: Buffer) => readonly Buffer[]>();
  const declared = portsOf(pod);
  for (const [index, port] of ports.entries()) {
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    for (const channel of [2 * index, 2 * index + 1]) {
      await end.send(Buffer.concat([Buffer.of(channel), number]));
    }
    if (declared.length === 0 || declared.includes(port)) {
      answers.set(2 * index, serverOn(pod.metadata.name, port));
      continue;
    }
    const text =
      `error forwarding port ${port} to pod ${pod.metadata.name}, uid ${pod.metadata.uid}: ` +
      `failed to connect to localhost:${port} inside namespace: connection refused`;
    await end.send(Buffer.concat([Buffer.of(2 * index + 1), Buffer.from(text)]));
  }
  if (answers.size === 0) end.close();
  for await (const message of end.messages()) {
    const answer = answers.get(message[0] ?? -1);
    for (const bytes of answer?.(message.subarray(1)) ?? []) {
      await end.send(Buffer.concat([message.subarray(0, 1), bytes]));
    }
  }
}

/** HTTP requests are answered with Pod, port and their body; anything else comes back as it is. */
function serverOn(pod: string, port: number): (bytes: Buffer) => readonly Buffer[] {
  let rest = Buffer.alloc(0);
  let isHttp: boolean | undefined;
  return (bytes) => {
    isHttp ??= /^[A-Z]{3,7} \//.test(bytes.toString("latin1", 0, 10));
    if (!isHttp) return [bytes];
    rest = Buffer.concat([rest, bytes]);
    const answers: Buffer[] = [];
    for (;;) {
      const headEnd = rest.indexOf("\r\n\r\n");
      if (headEnd < 0) return answers;
      const head = rest.toString("latin1", 0, headEnd);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (rest.length < headEnd + 4 + length) return answers;
      const body = rest.subarray(headEnd + 4, headEnd + 4 + length);
      rest = rest.subarray(headEnd + 4 + length);
      const text = Buffer.concat([Buffer.from(`pod ${pod} port ${port}\n`), body]);
      const lines = [
        "HTTP/1.1 200 OK",
        "Content-Type: text/plain",
        `Content-Length: ${text.length}`,
      ];
      answers.push(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), text]));
    }
  };
}
