import { openConstellation } from "../../constellation.ts";
import { openSimulatedSites } from "../site.ts";
import { oddCases } from "./suite.ts";

oddCases("odd cases on a simulated cluster", async () => {
  const sites = await openSimulatedSites();
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
