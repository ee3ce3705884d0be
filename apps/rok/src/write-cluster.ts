import { ClusterKind, type MetricRef } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import { isName } from "@octoplane/kinds/metadata";
import { failure } from "@octoplane/shared/errors";
import { added, backoffFields, changedLabels, weighed } from "./change-application.ts";
import type { DeleteFlags } from "./commands/application.ts";
import type { ClusterFlags } from "./commands/cluster.ts";
import { usageError } from "./exit-status.ts";
import { finish, readWish } from "./finish.ts";
import { readKubeconfig } from "./kubeconfig-file.ts";
import type { Call } from "./leaf.ts";
import { updateResource } from "./update-resource.ts";

/** What the commands of clusters do. */

const kind = anyKind(ClusterKind);

export async function registerCluster({
  args,
  options,
  session,
}: Call<ClusterFlags>): Promise<number> {
  const wish = readWish(options, ["online"]);
  const read = await readKubeconfig(fileOf(options), session.io);
  const name = args[0] ?? read.clusterName ?? "";
  if (args[0] === undefined && !isName(name)) {
    const found = JSON.stringify(name);
    throw failure(
      "Invalid",
      `the kubeconfig calls its cluster ${found}, which is no name here; give a NAME`,
    );
  }
  const objects = (await session.client()).of(ClusterKind);
  const draft = changeCluster({ metadata: { name }, spec: {} }, options, read.kubeconfig);
  const created = await objects.create(draft, await session.namespace());
  return await finish(session, kind, created, wish);
}

export async function updateCluster({
  args,
  options,
  session,
}: Call<ClusterFlags>): Promise<number> {
  const wish = readWish(options, ["online"]);
  const { wait: _wait, timeout: _timeout, ...changes } = options;
  if (Object.keys(changes).length === 0) {
    throw usageError("nothing to change: name at least one flag");
  }
  if (options.context !== undefined && options.kubeconfig === undefined) {
    throw usageError("--context: there is no --kubeconfig to choose from");
  }
  const read =
    options.kubeconfig === undefined
      ? undefined
      : await readKubeconfig(fileOf(options), session.io);
  const objects = (await session.client()).of(ClusterKind);
  const ref = { namespace: await session.namespace(), name: args[0] ?? "" };
  const updated = await updateResource(objects, ref, (cluster) =>
    changeCluster(cluster, options, read?.kubeconfig),
  );
  return await finish(session, kind, updated, wish);
}

export async function deleteCluster({
  args,
  options,
  session,
}: Call<DeleteFlags>): Promise<number> {
  const wish = readWish(options, ["deleted", "deleting"]);
  const objects = (await session.client()).of(ClusterKind);
  const ref = { namespace: await session.namespace(), name: args[0] ?? "" };
  const removed = await objects.remove(ref, { force: options.force === true });
  return await finish(session, kind, removed, wish);
}

interface ClusterSpec {
  readonly custom_resources?: readonly string[];
  readonly metrics?: readonly MetricRef[];
}

/** The cluster with what was named changed, and nothing else. Pure. */
export function changeCluster<
  C extends {
    readonly metadata: {
      readonly name: string;
      readonly labels?: Readonly<Record<string, string>>;
    };
    readonly spec: ClusterSpec;
  },
>(cluster: C, flags: ClusterFlags, kubeconfig: Readonly<Record<string, unknown>> | undefined): C {
  const { spec, metadata } = cluster;
  const metrics = flags.removeExistingMetrics === true ? [] : (spec.metrics ?? []);
  return {
    ...cluster,
    metadata: { ...metadata, labels: changedLabels(metadata, flags) },
    spec: {
      ...spec,
      ...(kubeconfig ? { kubeconfig } : {}),
      custom_resources: added(
        flags.removeExistingCustomResources === true ? [] : spec.custom_resources,
        flags.customResource,
      ),
      metrics: weighed(metrics, flags),
      ...backoffFields(flags),
    },
  };
}

function fileOf({ kubeconfig, context }: ClusterFlags): {
  readonly path?: string;
  readonly context?: string;
} {
  return {
    ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}
