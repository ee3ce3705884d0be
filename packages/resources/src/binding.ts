import type { Application, ApplicationStatus } from "@octoplane/kinds/application";
import type { Cluster, ClusterStatus } from "@octoplane/kinds/cluster";
import { setCondition, type Condition } from "@octoplane/kinds/condition";
import type { Place } from "@octoplane/kinds/decision";
import type { MagnumCluster, MagnumClusterStatus } from "@octoplane/kinds/magnum-cluster";
import type { ResourceRef } from "@octoplane/kinds/metadata";

/** What a placement by request makes of a status (contract section 1.4, "Bind …"). All pure. */

/** The status of an application that somebody bound to a cluster by hand. */
export function boundByRequest(app: Application, place: Place, now: string): ApplicationStatus {
  const { status } = app;
  const { generation } = app.metadata;
  return {
    ...status,
    scheduled: now,
    scheduled_to: { api: "kubernetes", kind: "Cluster", ...place },
    scheduled_generation: generation,
    kube_controller_triggered: now,
    conditions: boundCondition(status.conditions, { generation, to: place.name, now }),
  };
}

/** The status of a cluster that is to be made on a cloud. */
export function boundToCloud(cluster: Cluster, cloud: ResourceRef, now: string): ClusterStatus {
  const { status } = cluster;
  const { generation } = cluster.metadata;
  return {
    ...status,
    scheduled: now,
    scheduled_to: cloud,
    conditions: boundCondition(status.conditions, { generation, to: cloud.name, now }),
  };
}

/** The status of a Magnum cluster that is to be made in a project, from a cluster template. */
export function boundToProject(
  cluster: MagnumCluster,
  { project, template }: { readonly project: ResourceRef; readonly template: string },
  now: string,
): MagnumClusterStatus {
  const { status } = cluster;
  const { generation } = cluster.metadata;
  return {
    ...status,
    project,
    template,
    conditions: boundCondition(status.conditions, { generation, to: project.name, now }),
  };
}

function boundCondition(
  conditions: readonly Condition[],
  bound: { readonly generation: number; readonly to: string; readonly now: string },
): Condition[] {
  const finding = {
    type: "Scheduled",
    status: "True",
    reason: "BoundByRequest",
    message: `bound to ${bound.to} by request`,
    observed_generation: bound.generation,
  } as const;
  return [...setCondition(conditions, finding, bound.now)];
}
