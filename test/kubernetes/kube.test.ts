import { kubeConformance } from "@octoplane/kube/conformance/suite";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { describe } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { startControlPlane } from "../control-plane/control-plane.ts";
import { openEcho } from "./echo-server.ts";

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
