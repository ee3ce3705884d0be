import type { Run } from "@octoplane/kinds/run";
import { failure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import type { ApplicationPlace } from "./application-place.ts";

/** Where a run's Job is. `NotFound` for a run that has none yet, or never had one. */
export async function runPlace(
  context: ApiContext,
  { metadata, status }: Pick<Run, "metadata" | "status">,
): Promise<ApplicationPlace> {
  const { job, cluster } = status;
  if (!job || !cluster || job.uid === "") {
    const why = status.reason === null ? "" : `: ${status.reason.message}`;
    throw failure("NotFound", `run ${metadata.name} has no Job${why}`);
  }
  const { namespace, name, uid } = job;
  const kube = await context.connections.kubeOf(cluster);
  return {
    kube,
    cluster: cluster.name,
    roots: [{ group: "batch", kind: "Job", namespace, name, uid }],
  };
}
