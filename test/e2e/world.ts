import { startEtcd } from "../conformance/etcd-server.ts";
import { openConstellation, type Constellation } from "../constellation.ts";
import type { Sites } from "./site.ts";

/** Where a suite runs: Octoplane over some store, and two clusters of some sort. */
export interface World extends AsyncDisposable {
  readonly octoplane: Constellation;
  readonly sites: Sites["sites"];
}

export async function openWorld(
  openSites: () => Promise<Sites>,
  store: "lmdb" | "etcd" = "lmdb",
): Promise<World> {
  const [sites, etcd] = await Promise.all([
    openSites(),
    store === "etcd" ? startEtcd({ fsync: false }) : undefined,
  ]);
  const octoplane = await openConstellation(etcd === undefined ? {} : { storeUrl: etcd.url });
  return {
    octoplane,
    sites: sites.sites,
    async [Symbol.asyncDispose]() {
      await octoplane[Symbol.asyncDispose]();
      await etcd?.[Symbol.asyncDispose]();
      await sites[Symbol.asyncDispose]();
    },
  };
}
