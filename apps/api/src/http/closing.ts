import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";

/**
 * How the server is closed: requests under way come to their end, and their connections with them. Node alone would keep a
 * connection that falls idle only after that for its keep-alive time, and one that never brought a request for ever. What
 * is not done within the drain time is cut. To be called before the server listens.
 */
export function closerOf(server: FastifyInstance, clock: Clock): () => Promise<void> {
  // By the client's end: over TLS a request comes on another socket than the connection that was opened.
  const unused = new Map<string, Socket>();
  server.server.on("connection", (socket: Socket) => {
    const end = endOf(socket);
    unused.set(end, socket);
    socket.once("close", () => {
      if (unused.get(end) === socket) unused.delete(end);
    });
  });
  server.server.on("request", ({ socket }) => unused.delete(endOf(socket)));
  return async () => {
    const closed = server.close();
    const cancelCut = clock.after(limits.drainMs, () => server.server.closeAllConnections());
    let cancelSweep = (): void => undefined;
    const sweep = (): void => {
      server.server.closeIdleConnections();
      for (const socket of unused.values()) socket.destroy();
      cancelSweep = clock.after(sweepMs, sweep);
    };
    sweep();
    await closed;
    cancelSweep();
    cancelCut();
  };
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

const sweepMs = 20;
