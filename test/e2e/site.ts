import { connectKube } from "@octoplane/kube/http-kube";
import type { Kube, KubeObject, ServedKind } from "@octoplane/kube/kube";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { systemRandom } from "@octoplane/shared/random";
import { startControlPlane } from "../control-plane/control-plane.ts";

/** A cluster that applications are placed on, simulated or real, as the end-to-end suite sees it. */
export interface Site {
  readonly name: string;
  readonly kubeconfig: Readonly<Record<string, unknown>>;
  readonly kube: Kube;
  /** Makes it unreachable, as when its network is cut. */
  lose(): Promise<void>;
  comeBack(): Promise<void>;
}

export interface Sites extends AsyncDisposable {
  readonly sites: readonly [Site, Site];
}

export async function openSimulatedSites(): Promise<Sites & { readonly sim: Sim }> {
  const sim = await startSim({
    clusters: [{ name: "berlin" }, { name: "oslo" }],
    clock: systemClock,
    random: systemRandom,
  });
  const open = (name: string): Site => {
    const cluster = sim.cluster(name);
    return {
      name,
      kubeconfig: cluster.kubeconfig,
      kube: connectKube(cluster.kubeconfig, { clock: systemClock }),
      lose: async () => void (cluster.faults.offline = true),
      comeBack: async () => void (cluster.faults.offline = false),
    };
  };
  const sites = [open("berlin"), open("oslo")] as const;
  return {
    sim,
    sites,
    async [Symbol.asyncDispose]() {
      for (const { kube } of sites) await kube[Symbol.asyncDispose]();
      await sim[Symbol.asyncDispose]();
    },
  };
}

export async function openRealSites(): Promise<Sites> {
  const planes = await Promise.all([startControlPlane(), startControlPlane()]);
  const open = (name: string, plane: (typeof planes)[number]): Site => {
    const kubeconfig = readDocument(plane.kubeconfig, "kubeconfig") as Record<string, unknown>;
    return {
      name,
      kubeconfig,
      kube: connectKube(kubeconfig, { clock: systemClock }),
      lose: () => plane.pauseApiServer(),
      comeBack: () => plane.resumeApiServer(),
    };
  };
  const sites = [open("berlin", planes[0]), open("oslo", planes[1])] as const;
  return {
    sites,
    async [Symbol.asyncDispose]() {
      for (const { kube } of sites) await kube[Symbol.asyncDispose]();
      await Promise.all(planes.map((plane) => plane[Symbol.asyncDispose]()));
    },
  };
}

/** Looks at one object on a site. */
export async function look(
  site: Site,
  place: { readonly kind: string; readonly name: string; readonly namespace?: string },
): Promise<KubeObject | undefined> {
  const served = await servedKind(site, place.kind);
  if (!served) return undefined;
  const namespace = served.namespaced ? { namespace: place.namespace ?? "default" } : {};
  return await site.kube.get({ served, name: place.name, ...namespace });
}

export async function servedKind(site: Site, kind: string): Promise<ServedKind | undefined> {
  for (const refresh of [false, true]) {
    const { kinds } = await site.kube.discover({ refresh });
    const found = kinds.find((served) => served.kind === kind);
    if (found) return found;
  }
  return undefined;
}
