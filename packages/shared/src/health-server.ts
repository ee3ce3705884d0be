import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { failure, messageOf } from "./errors.ts";
import { parseListen } from "./listen.ts";
import type { Metrics } from "./metrics.ts";

/** `/livez`, `/readyz` and `/metrics` of a process that serves nothing else. */
export async function openHealthServer(
  listen: string,
  metrics: Metrics,
  check: () => Promise<void>,
): Promise<AsyncDisposable & { readonly address: string }> {
  const place = parseListen(listen);
  if (!place) throw failure("Invalid", `health_listen: expected address:port, found ${listen}`);
  const server = createServer((request, response) => {
    void respond(request.url ?? "/", response, { metrics, check });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(failure("Unavailable", `cannot listen on ${listen}: ${error.message}`)),
    );
    server.listen(place.port, place.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${place.host.includes(":") ? `[${place.host}]` : place.host}:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function respond(
  url: string,
  response: ServerResponse,
  { metrics, check }: { readonly metrics: Metrics; readonly check: () => Promise<void> },
): Promise<void> {
  const send = (status: number, body: string, type = "text/plain"): void => {
    response.writeHead(status, { "content-type": type });
    response.end(body);
  };
  try {
    if (url === "/livez") return send(200, "ok\n");
    if (url === "/metrics") {
      return send(200, await metrics.registry.metrics(), metrics.registry.contentType);
    }
    if (url !== "/readyz") return send(404, "not found\n");
    await check();
    send(200, "ok\n");
  } catch (error) {
    send(503, `not ready: ${messageOf(error)}\n`);
  }
}
