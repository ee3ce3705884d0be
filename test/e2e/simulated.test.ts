import { describe } from "vitest";
import { hasEtcd, startEtcd } from "../conformance/etcd-server.ts";
import { openConstellation } from "../constellation.ts";
import { openSimulatedSites } from "./site.ts";
import { endToEnd, type World } from "./suite.ts";

async function openWorld(storeUrl?: string): Promise<World> {
  const sites = await openSimulatedSites();
  const octoplane = await openConstellation(storeUrl === undefined ? {} : { storeUrl });
  return {
    octoplane,
    sites: sites.sites,
    async [Symbol.asyncDispose]() {
      await octoplane[Symbol.asyncDispose]();
      await sites[Symbol.asyncDispose]();
    },
  };
}

endToEnd("simulated clusters, over LMDB", () => openWorld());

describe.runIf(hasEtcd())("with a real etcd", () => {
  endToEnd("simulated clusters, over etcd", async () => {
    const etcd = await startEtcd({ fsync: false });
    const world = await openWorld(etcd.url);
    return {
      ...world,
      async [Symbol.asyncDispose]() {
        await world[Symbol.asyncDispose]();
        await etcd[Symbol.asyncDispose]();
      },
    };
  });
});
