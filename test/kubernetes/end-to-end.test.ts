import { describe } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { openRealSites } from "../e2e/site.ts";
import { endToEnd } from "../e2e/suite.ts";
import { openWorld } from "../e2e/world.ts";

describe.runIf(controlPlaneBinaries() !== undefined)("with a real Kubernetes", () => {
  endToEnd("real API servers, over LMDB", () => openWorld(openRealSites));
  endToEnd("real API servers, over etcd", () => openWorld(openRealSites, "etcd"));
});
