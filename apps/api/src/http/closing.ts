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
  const unused = new Set<Socket>();
  server.server.on("connection", (socket: Socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  server.server.on("request", ({ socket }) => unused.delete(socket));
  return async () => {
    const closed = server.close();
    const cancelCut = clock.after(limits.drainMs, () => server.server.closeAllConnections());
    let cancelSweep = (): void => undefined;
    const sweep = (): void => {
      server.server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
      cancelSweep = clock.after(sweepMs, sweep);
    };
    sweep();
    await closed;
    cancelSweep();
    cancelCut();
  };
}

const sweepMs = 20;
