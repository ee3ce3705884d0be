import { systemClock, type Clock } from "@octoplane/shared/clock";
import { afterAll, beforeAll, describe } from "vitest";
import { connectKube } from "../http-kube.ts";
import { describeAccess } from "./access.ts";
import { describeApply } from "./apply.ts";
import { describeDelete } from "./delete.ts";
import { describeKinds } from "./kinds.ts";
import { describeListAndWatch } from "./list-and-watch.ts";
import { describeStreams } from "./streams.ts";
import { freshNamespace } from "./objects.ts";
import type { Site, WriteLog } from "./site.ts";

/**
 * What Octoplane relies on of any cluster, as tests over `Kube`. It runs on the simulated cluster
 * and on a real API server alike: where the two differ, the simulation is wrong. It needs no
 * controllers, only the API.
 */

/** A cluster to run on; it is disposed of when the suite is through. */
export interface ConformanceCluster extends AsyncDisposable {
  /** Parsed; its user may do everything. */
  readonly kubeconfig: object;
  /** The system's when left out. */
  readonly clock?: Clock;
  /** True where the server is reached by TLS with an authority of its own. */
  readonly hasTls?: boolean;
  /**
   * False where the built-in kinds take any field. It is true of every API server; a simulation may
   * leave it out, for the definitions of custom kinds show the same.
   */
  readonly knowsBuiltInFields?: boolean;
  /**
   * Makes every version that the cluster has given out so far too old to watch from, where that can
   * be done.
   */
  readonly forgetHistory?: () => Promise<void>;
  readonly writeLog?: WriteLog;
}

export function kubeConformance(name: string, open: () => Promise<ConformanceCluster>): void {
  describe(`${name} as a cluster`, () => {
    let cluster: ConformanceCluster | undefined;
    let opened: Site | undefined;
    beforeAll(async () => {
      cluster = await open();
      opened = await openSite(cluster);
    });
    afterAll(async () => {
      await opened?.kube[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });
    const site = (): Site => {
      if (!opened) throw new Error("the cluster did not open");
      return opened;
    };
    describeAccess(site);
    describeKinds(site);
    describeApply(site);
    describeDelete(site);
    describeListAndWatch(site);
    describeStreams(site);
  });
}

async function openSite(cluster: ConformanceCluster): Promise<Site> {
  const clock = cluster.clock ?? systemClock;
  const kube = connectKube(cluster.kubeconfig, { clock });
  const { kinds } = await kube.discover();
  return {
    kube,
    kinds,
    clock,
    kubeconfig: cluster.kubeconfig,
    hasTls: cluster.hasTls ?? false,
    knowsBuiltInFields: cluster.knowsBuiltInFields ?? true,
    forgetHistory: cluster.forgetHistory,
    writeLog: cluster.writeLog,
    freshNamespace: () => freshNamespace(kube, kinds),
  };
}
