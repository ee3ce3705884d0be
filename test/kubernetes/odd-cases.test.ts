import { describe } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { oddCases } from "../e2e/odd-cases/suite.ts";
import { openRealSites } from "../e2e/site.ts";
import { openWorld } from "../e2e/world.ts";

describe.runIf(controlPlaneBinaries() !== undefined)("with a real Kubernetes", () => {
  oddCases("odd cases on a real API server", () => openWorld(openRealSites));
});
