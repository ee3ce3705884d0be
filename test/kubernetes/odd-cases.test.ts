import { describe } from "vitest";
import { openConstellation } from "../constellation.ts";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { oddCases } from "../e2e/odd-cases/suite.ts";
import { openRealSites } from "../e2e/site.ts";

describe.runIf(controlPlaneBinaries() !== undefined)("with a real Kubernetes", () => {
  oddCases("odd cases on a real API server", async () => {
    const sites = await openRealSites();
    const octoplane = await openConstellation();
    return {
      octoplane,
      sites: sites.sites,
      async [Symbol.asyncDispose]() {
        await octoplane[Symbol.asyncDispose]();
        await sites[Symbol.asyncDispose]();
      },
    };
  });
});
