import type { Client } from "@octoplane/client/client";
import { CloudKind, GlobalCloudKind, type Cloud } from "@octoplane/kinds/cloud";
import type { Cluster } from "@octoplane/kinds/cluster";
import { cloudRefOf, inheritedFrom } from "@octoplane/kinds/inherited";
import type { AnyResource } from "@octoplane/kinds/kind";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { ViewOf } from "../commands/resource.ts";

/**
 * What clusters have of their clouds, in tables: it stands in no cluster, so it is worked out here as the scheduler does.
 * `-o json` shows what is stored.
 */
export const viewWithInherited: ViewOf = async (session, items) => {
  // Only the commands of clusters ask for it.
  const clusters = items as unknown as readonly Cluster[];
  const clouds = await cloudsOf(await session.client(), clusters);
  const seen = clusters.map((cluster) => withMarks(cluster, clouds));
  return seen as unknown as readonly AnyResource[];
};

/** By their references; a cloud that is gone, or that one may not read, has nothing to pass on. */
async function cloudsOf(
  client: Client,
  clusters: readonly Cluster[],
): Promise<ReadonlyMap<string, Cloud>> {
  const refs = new Map<string, ResourceRef>();
  for (const cluster of clusters) {
    const ref = cloudRefOf(cluster);
    if (ref) refs.set(keyOf(ref), ref);
  }
  const found = new Map<string, Cloud>();
  const waiting = refs.entries();
  const work = async (): Promise<void> => {
    for (const [key, ref] of waiting) {
      try {
        found.set(key, await readCloud(client, ref));
      } catch (error) {
        if (!isFailure(error, "NotFound", "Forbidden")) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: limits.rokMetricValuesParallelMax }, work));
  return found;
}

async function readCloud(client: Client, { namespace, name }: ResourceRef): Promise<Cloud> {
  return namespace === null
    ? await client.of(GlobalCloudKind).get({ name })
    : await client.of(CloudKind).get({ namespace, name });
}

function keyOf({ namespace, name }: ResourceRef): string {
  return `${namespace ?? ""}/${name}`;
}

/** The cluster as a table shows it. */
function withMarks(cluster: Cluster, clouds: ReadonlyMap<string, Cloud>): Cluster {
  const ref = cloudRefOf(cluster);
  const cloud = ref && clouds.get(keyOf(ref));
  if (!cloud) return cluster;
  const { labels, metrics } = inheritedFrom(cluster, cloud);
  const mark = (text: string): string => `${text} (inherited)`;
  const marked = Object.entries(labels).map(([key, value]) => [key, mark(value)]);
  return {
    ...cluster,
    metadata: {
      ...cluster.metadata,
      labels: { ...cluster.metadata.labels, ...(Object.fromEntries(marked) as typeof labels) },
    },
    spec: {
      ...cluster.spec,
      metrics: [
        ...cluster.spec.metrics,
        ...metrics.map((metric) => ({ ...metric, name: mark(metric.name) })),
      ],
    },
  };
}
