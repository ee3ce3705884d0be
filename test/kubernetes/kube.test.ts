import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { kubeConformance } from "@octoplane/kube/conformance/suite";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { describe } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { startControlPlane } from "../control-plane/control-plane.ts";

/** What stands behind the ports of Pods: it answers with what it got. */
async function openEcho(): Promise<AsyncDisposable & { readonly port: number }> {
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

describe.runIf(controlPlaneBinaries() !== undefined)("with a real Kubernetes", () => {
  kubeConformance("a real API server", async () => {
    const echo = await openEcho();
    const plane = await startControlPlane({ forwardTo: echo.port });
    return {
      kubeconfig: readDocument(plane.kubeconfig, "kubeconfig") as object,
      hasTls: true,
      writeLog: async (_place, text) => plane.writeLog(text),
      async [Symbol.asyncDispose]() {
        await plane[Symbol.asyncDispose]();
        await echo[Symbol.asyncDispose]();
      },
    };
  });
});
