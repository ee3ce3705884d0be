import type { Application } from "@octoplane/kinds/application";
import type { Reason } from "@octoplane/kinds/metadata";
import type { Candidate } from "./candidate.ts";

/** Where and how clusters are made for applications of a namespace; plain data, the same for all of them. */
export interface NewClusterFacts {
  /** The clouds of the namespace and the global ones. Never empty. */
  readonly candidates: readonly Candidate[];
  /** Until a new cluster takes applications, and over how long its start counts. */
  readonly startupMs: number;
  readonly horizonMs: number;
  /** How long an application waits for its cluster, and how long after a failure none is tried again. */
  readonly waitMs: number;
  readonly retryMs: number;
  /** What has to be paid of a new cluster, when it is more than what the application requests. */
  readonly shape: { readonly cpuCores: number; readonly memoryBytes: number };
  /** Why none can be made at present. */
  readonly problem?: Reason;
}

/** As far as they concern one application: one that asks for a cluster, or still waits for one. Pure. */
export function newClusterFactsFor(
  app: Pick<Application, "spec" | "status">,
  facts: NewClusterFacts | undefined,
): { readonly newCluster?: NewClusterFacts } {
  const isConcerned = app.spec.auto_cluster_create || isAwaiting(app);
  return isConcerned && facts !== undefined ? { newCluster: facts } : {};
}

/** True while a cluster is being made for it. */
export function isAwaiting({ status }: Pick<Application, "status">): boolean {
  return status.new_cluster !== undefined && status.new_cluster.ended === null;
}
