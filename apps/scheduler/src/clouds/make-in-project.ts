import {
  MagnumClusterKind,
  type MagnumCluster,
  type MagnumClusterStatus,
} from "@octoplane/kinds/magnum-cluster";
import type { Decision } from "@octoplane/kinds/decision";
import { ProjectKind, type Project } from "@octoplane/kinds/project";
import { chosenOf, decideMaker } from "@octoplane/placement/decide-maker";
import type { Result } from "@octoplane/reconcile/controller";
import { boundToProject } from "@octoplane/resources/binding";
import { parseRef, refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { metricsPendingMs, unplaced } from "./make-on-cloud.ts";
import type { MakerBook } from "./maker-book.ts";

/**
 * Binds a Magnum cluster to the best project of its own namespace, with that project's template, and says why when there is
 * none (contract section 4.11).
 */
export async function reconcileMagnumCluster(
  { resources, makers }: { readonly resources: Resources; readonly makers: MakerBook },
  key: string,
): Promise<Result> {
  const cluster = resources.feed(MagnumClusterKind).objects.get(key);
  if (!cluster || !isUnbound(cluster)) return {};
  const candidates = makers.projects(cluster.metadata.namespace ?? "");
  if (!candidates) return { requeueAfterMs: metricsPendingMs };
  const { generation, uid } = cluster.metadata;
  const labels = cluster.spec.constraints?.project.labels ?? null;
  const request = { decisions: 0, generation, labels, metrics: null, noun: "project" };
  const now = resources.parts.clock.now();
  const decision = decideMaker(request, { now, candidates }, limits.decisionCandidatesMax);
  const projects = resources.feed(ProjectKind).objects;
  if (statusAfter(cluster, decision, projects) === undefined) return {};
  await resources.of(MagnumClusterKind).updateStatus(
    parseRef(key),
    uid,
    (current) => {
      if (!isUnbound(current) || current.metadata.generation !== generation)
        throw failure("Conflict", "the cluster changed while it was decided on");
      const status = statusAfter(current, decision, projects);
      return status && { status };
    },
    cluster,
  );
  return {};
}

/** Bound once and for all: its template cannot be changed. */
function isUnbound({ metadata, status }: MagnumCluster): boolean {
  return metadata.deleted === null && status.project === null && status.template === null;
}

function statusAfter(
  cluster: MagnumCluster,
  decision: Decision,
  projects: ReadonlyMap<string, Project>,
): MagnumClusterStatus | undefined {
  const { status } = cluster;
  const chosen = chosenOf(decision);
  if (!chosen) {
    const conditions = unplaced(status.conditions, decision);
    return conditions === status.conditions
      ? undefined
      : { ...status, conditions: [...conditions] };
  }
  const { namespace, name } = chosen;
  const project = projects.get(refText({ namespace, name }));
  if (!project) throw failure("Conflict", "the project went while it was decided on");
  const ref = { api: "openstack", kind: ProjectKind.kind, namespace, name };
  const bound = { project: ref, template: project.spec.template };
  const why = { reason: "Placed", message: `to be made in ${name}` };
  return boundToProject(cluster, bound, decision.time, why);
}
