import type { Duplex } from "node:stream";
import { acceptKeyOf, WebSocketEnd } from "@octoplane/shared/websocket";
import { ApiError, badRequest } from "../api-error.ts";
import type { Cluster } from "../cluster.ts";
import type { Exchange } from "./exchange.ts";

export interface Accepted {
  readonly end: WebSocketEnd;
  readonly socket: Duplex;
  /** Empty when the client named none. */
  readonly protocol: string;
}

/**
 * The server's half of the handshake (RFC 6455, section 4.2), with the first of our protocols that the client speaks too. An
 * ApiError for what asks for no WebSocket, or only for protocols that are not spoken here.
 */
export function acceptWebSocket(
  cluster: Cluster,
  exchange: Exchange,
  protocols: readonly string[],
): Accepted {
  const { request, response, upgrade } = exchange;
  const key = request.headers["sec-websocket-key"];
  if (!upgrade || key === undefined) throw badRequest("Upgrade request required");
  const asked = (request.headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((one) => one.trim());
  const protocol = protocols.find((one) => asked.includes(one)) ?? "";
  if (protocol === "" && asked[0] !== "") {
    const list = asked.join(",");
    throw new ApiError(403, "Forbidden", `unable to upgrade: no supported protocol in ${list}`);
  }
  const { socket, head } = upgrade;
  response.detachSocket(request.socket);
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKeyOf(key)}`,
    ...(protocol === "" ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  return { end: new WebSocketEnd(socket, { clock: cluster.clock }), socket, protocol };
}
