import { kubeConformance } from "@octoplane/kube/conformance/suite";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { describe } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { startControlPlane } from "../control-plane/control-plane.ts";

describe.runIf(controlPlaneBinaries() !== undefined)("with a real Kubernetes", () => {
  kubeConformance("a real API server", async () => {
    const plane = await startControlPlane();
    return {
      kubeconfig: readDocument(plane.kubeconfig, "kubeconfig") as object,
      hasTls: true,
      [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose](),
    };
  });
});
