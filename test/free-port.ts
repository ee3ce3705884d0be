import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Ports for servers that must be told theirs before they start. All are below those that systems give out by
 * themselves (Linux from 32768, macOS and Windows from 49152), so that no connection and no server on port 0 takes one
 * in the moment before its server listens, or while that server is down; a port is given out once in a process.
 */
const lowest = 20_000;
const highest = 29_999;

const given = new Set<number>();

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  while (given.size <= highest - lowest) {
    const port = randomInt(lowest, highest + 1);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${lowest} to ${highest} is free`);
}

/** As many different ones. */
export async function freePorts(count: number): Promise<readonly number[]> {
  return await Promise.all(Array.from({ length: count }, freePort));
}

/** Whether a server could listen there, on this address and on all of them. */
async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, "0.0.0.0"));
}

async function canListen(port: number, host: string): Promise<boolean> {
  const server = createServer();
  return await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
