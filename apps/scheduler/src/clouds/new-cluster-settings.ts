import type { Cluster } from "@octoplane/kinds/cluster";
import type { Reason } from "@octoplane/kinds/metadata";
import type { Candidate } from "@octoplane/placement/candidate";
import type { NewClusterFacts } from "@octoplane/placement/new-cluster-facts";
import { limits } from "@octoplane/shared/limits";
import type { SchedulerConfig } from "../config.ts";
import type { ClusterTemplate } from "./cluster-template.ts";

type Settings = SchedulerConfig["automatic_cluster_creation"];

/** What decisions know of new clusters, from the settings, the clouds and how many are being made. Pure. */
export function newClusterFacts(
  settings: Settings,
  clouds: readonly Candidate[],
  { template, underWay }: { readonly template: ClusterTemplate; readonly underWay: number },
): NewClusterFacts {
  const problem = "problem" in template ? template.problem : tooMany(underWay);
  const waitMs = settings.wait_seconds * 1_000;
  return {
    candidates: clouds,
    startupMs: settings.startup_seconds * 1_000,
    horizonMs: settings.horizon_seconds * 1_000,
    waitMs,
    retryMs: waitMs,
    shape: { cpuCores: settings.cores, memoryBytes: settings.memory_gib * 2 ** 30 },
    ...(problem === undefined ? {} : { problem }),
  };
}

function tooMany(underWay: number): Reason | undefined {
  if (underWay < limits.newClustersAtOnceMax) return undefined;
  const message = `${underWay} clusters are being made for applications of this namespace already`;
  return { code: "ManyUnderWay", message };
}

/** Made for an application, and not there yet. Pure. */
export function isUnderWay({ metadata, spec, status }: Cluster): boolean {
  return spec.auto_generated && metadata.deleted === null && status.state === "PENDING";
}
