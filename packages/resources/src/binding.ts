import type { Application, ApplicationStatus } from "@octoplane/kinds/application";
import type { Cluster, ClusterStatus } from "@octoplane/kinds/cluster";
import { setCondition, type Condition } from "@octoplane/kinds/condition";
import type { CopyPlace } from "@octoplane/kinds/copies";
import type { Place } from "@octoplane/kinds/decision";
import type { MagnumCluster, MagnumClusterStatus } from "@octoplane/kinds/magnum-cluster";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { sameRef } from "./record.ts";

/** What a placement by request makes of a status (contract section 1.4, "Bind …"). All pure. */

/** The status of an application that somebody bound to a cluster by hand. */
export function boundByRequest(app: Application, place: Place, now: string): ApplicationStatus {
  const { status } = app;
  const { generation } = app.metadata;
  const cluster: ResourceRef = { api: "kubernetes", kind: "Cluster", ...place };
  return {
    ...status,
    ...(status.places === undefined ? {} : { places: [...placesWith(status.places, cluster)] }),
    scheduled: now,
    scheduled_to: cluster,
    scheduled_generation: generation,
    kube_controller_triggered: now,
    conditions: boundCondition(status.conditions, { generation, why: byRequest(place), now }),
  };
}

/** Of several places the first is the one that people bind; the others stay. */
function placesWith(places: readonly CopyPlace[], cluster: ResourceRef): readonly CopyPlace[] {
  const there = places.find((place) => sameRef(place.cluster, cluster));
  const first = there ?? { cluster, share: places[0]?.share ?? null };
  return [first, ...places.filter((place) => place !== (there ?? places[0]))];
}

/** The status of a cluster that is to be made on a cloud. */
export function boundToCloud(
  cluster: Cluster,
  cloud: ResourceRef,
  now: string,
  why: Why = byRequest(cloud),
): ClusterStatus {
  const { status } = cluster;
  const { generation } = cluster.metadata;
  return {
    ...status,
    scheduled: now,
    scheduled_to: cloud,
    conditions: boundCondition(status.conditions, { generation, why, now }),
  };
}

/** The status of a Magnum cluster that is to be made in a project, from a cluster template. */
export function boundToProject(
  cluster: MagnumCluster,
  { project, template }: { readonly project: ResourceRef; readonly template: string },
  now: string,
  why: Why = byRequest(project),
): MagnumClusterStatus {
  const { status } = cluster;
  const { generation } = cluster.metadata;
  return {
    ...status,
    project,
    template,
    conditions: boundCondition(status.conditions, { generation, why, now }),
  };
}

/** Who bound it, and for what: the reason and the message of its condition. */
export interface Why {
  readonly reason: string;
  readonly message: string;
}

function byRequest({ name }: { readonly name: string }): Why {
  return { reason: "BoundByRequest", message: `bound to ${name} by request` };
}

function boundCondition(
  conditions: readonly Condition[],
  bound: { readonly generation: number; readonly why: Why; readonly now: string },
): Condition[] {
  const finding = {
    type: "Scheduled",
    status: "True",
    ...bound.why,
    observed_generation: bound.generation,
  } as const;
  return [...setCondition(conditions, finding, bound.now)];
}
