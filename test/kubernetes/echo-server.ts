import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What stands behind the ports of Pods: it answers with what it got. */
export async function openEcho(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => void request.pipe(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
