import type { AddressInfo } from "node:net";
import type { Server } from "node:net";
import { failure, messageOf } from "@octoplane/shared/errors";
import type { Io } from "../io.ts";
import { streamsOf } from "./standard-streams.ts";

/** Listens here; `127.0.0.1:8080`, with the port that it came to. `Invalid` for a port that is taken. */
export async function listenOn(server: Server, host: string, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    throw failure("Invalid", `cannot listen on ${placeText(host, port)}: ${problemOf(error)}`);
  }
  server.off("error", reject);
  return placeText(host, (server.address() as AddressInfo).port);
}

function placeText(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function problemOf(error: unknown): string {
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is in use",
    EACCES: "that port is for the system",
    EADDRNOTAVAIL: "this machine has no such address",
    ENOTFOUND: "this machine has no such address",
  };
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  return (typeof code === "string" ? words[code] : undefined) ?? messageOf(error);
}

/** Until the user leaves, or nobody reads what is said. */
export async function untilLeft(io: Io): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unlisten = streamsOf(io).onInterrupt(resolve);
  io.stop?.addEventListener("abort", () => resolve(), { once: true });
  if (io.stop?.aborted === true) resolve();
  await promise;
  unlisten();
}
