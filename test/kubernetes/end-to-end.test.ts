import { describe } from "vitest";
import { startEtcd } from "../conformance/etcd-server.ts";
import { openConstellation } from "../constellation.ts";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { openRealSites } from "../e2e/site.ts";
import { endToEnd } from "../e2e/suite.ts";

describe.runIf(controlPlaneBinaries() !== undefined)("with a real Kubernetes", () => {
  endToEnd("real API servers, over LMDB", async () => {
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

  endToEnd("real API servers, over etcd", async () => {
    const [sites, etcd] = await Promise.all([openRealSites(), startEtcd({ fsync: false })]);
    const octoplane = await openConstellation({ storeUrl: etcd.url });
    return {
      octoplane,
      sites: sites.sites,
      async [Symbol.asyncDispose]() {
        await octoplane[Symbol.asyncDispose]();
        await etcd[Symbol.asyncDispose]();
        await sites[Symbol.asyncDispose]();
      },
    };
  });
});
