import type { Application } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import type { NewClusterStep } from "@octoplane/kinds/decision";
import { anyKind } from "@octoplane/kinds/kind";
import { readInput } from "@octoplane/kinds/read-input";
import { boundToCloud } from "@octoplane/resources/binding";
import type { Resources } from "@octoplane/resources/resources";
import { isoTime } from "@octoplane/shared/clock";
import { isFailure } from "@octoplane/shared/errors";

/**
 * Makes the Cluster resource that a decision asks for, bound to its cloud. It may be called again: the name is the same for the same
 * decision, and what is there already is taken as it is.
 */
export async function createClusterFor(
  app: Application,
  { name, cloud }: NewClusterStep,
  { resources, tosca }: { readonly resources: Resources; readonly tosca: object },
): Promise<void> {
  const namespace = app.metadata.namespace ?? "";
  const clusters = resources.of(ClusterKind);
  const { labels, metrics } = app.spec.constraints.cluster;
  const body = {
    metadata: { name, inherit_labels: true },
    spec: {
      tosca,
      constraints: { cloud: { labels, metrics } },
      inherit_metrics: true,
      auto_generated: true,
    },
  };
  try {
    await clusters.create(readInput(anyKind(ClusterKind), body), namespace);
  } catch (error) {
    if (!isFailure(error, "AlreadyExists")) throw error;
  }
  const ref = { namespace, name };
  const { metadata } = await clusters.mustGet(ref);
  const now = isoTime(resources.parts.clock.now());
  const why = {
    reason: "Placed",
    message: `to be made on ${cloud.name} for ${app.metadata.name}`,
  };
  await clusters.updateStatus(ref, metadata.uid, (current) =>
    current.status.scheduled_to === null
      ? { status: boundToCloud(current, cloud, now, why) }
      : undefined,
  );
}
