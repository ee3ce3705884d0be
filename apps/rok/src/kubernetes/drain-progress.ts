import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { conditionOf } from "@octoplane/kinds/condition";
import type { Ref } from "@octoplane/client/client";

/** What becomes of an application on a cluster that is being drained. */
export interface Leaver {
  readonly name: string;
  readonly state: "leaving" | "stays";
  /** Of one that stays: why, in words. Of one that leaves: where to, as far as that is known. */
  readonly why: string;
}

type Place = Required<Pick<Ref, "namespace">> & Pick<Ref, "name">;

/**
 * Those that are on the cluster or belong there, by their names, the ones that stay last. `localData` tells what of an
 * application is on the nodes of its cluster; lists do not show it. Pure.
 */
export function leaversOf(
  apps: readonly Application[],
  cluster: Place,
  localData: (app: Application) => string | undefined,
): readonly Leaver[] {
  const leavers = apps.flatMap((app) => leaverOf(app, cluster, localData) ?? []);
  return leavers.toSorted((a, b) => {
    if (a.state !== b.state) return a.state === "leaving" ? -1 : 1;
    return a.name < b.name ? -1 : 1;
  });
}

/** True when it is bound to the cluster. */
export function isBound({ status }: Application, cluster: Place): boolean {
  return boundClusters(status).some((one) => isAt(one, cluster));
}

function leaverOf(
  app: Application,
  cluster: Place,
  localData: (app: Application) => string | undefined,
): Leaver | undefined {
  const { name } = app.metadata;
  const { status } = app;
  if (isBound(app, cluster)) {
    const why = whyItStays(app, localData(app));
    return why === undefined || app.metadata.deleted !== null
      ? { name, state: "leaving", why: "it has not yet been decided where it goes" }
      : { name, state: "stays", why };
  }
  const runs = isAt(status.running_on, cluster);
  if (!runs && !status.copies.some((copy) => isAt(copy.cluster, cluster))) return undefined;
  const { scheduled_to: target } = status;
  const why = target === null ? "it is being taken away" : `it moves to ${target.name}`;
  return { name, state: "leaving", why: runs ? why : "what is left of it is being taken away" };
}

function whyItStays(app: Application, localData: string | undefined): string | undefined {
  const { conditions } = app.status;
  if (!app.spec.constraints.migration) return "migration is switched off for it";
  const healthy = conditionOf(conditions, "Healthy");
  const isCurrent = healthy?.observed_generation === app.metadata.generation;
  if (isCurrent && healthy.status === "True" && healthy.reason === "Completed") {
    return "its work is done";
  }
  const stays = app.spec.placement?.local_data !== "abandon";
  if (stays && localData !== undefined) return `its data is on the nodes: ${localData}`;
  const scheduled = conditionOf(conditions, "Scheduled");
  // What was said of an older specification says nothing of this one.
  const isDecided = scheduled?.observed_generation === app.metadata.generation;
  return isDecided && scheduled.status === "False" ? scheduled.message : undefined;
}

function isAt(
  ref: { readonly namespace: string | null; readonly name: string } | null,
  cluster: Place,
): boolean {
  return ref?.name === cluster.name && ref.namespace === cluster.namespace;
}
