import { kubeConformance } from "@octoplane/kube/conformance/suite";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { it } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { startControlPlane } from "../control-plane/control-plane.ts";

if (controlPlaneBinaries() === undefined) {
  it.skip("the cluster conformance on a real API server: its binaries are not built", () => {});
} else {
  kubeConformance("a real API server", async () => {
    const plane = await startControlPlane();
    return {
      kubeconfig: readDocument(plane.kubeconfig, "kubeconfig") as object,
      hasTls: true,
      [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose](),
    };
  });
}
