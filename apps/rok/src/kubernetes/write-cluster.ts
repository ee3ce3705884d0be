import { ClusterKind } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import { isName } from "@octoplane/kinds/metadata";
import type { MetricRef } from "@octoplane/kinds/metric-ref";
import { failure } from "@octoplane/shared/errors";
import { added, backoffFields, changedLabels, weighed } from "./change-application.ts";
import type { ClusterFlags } from "../commands/cluster.ts";
import { usageError } from "../exit-status.ts";
import { finish, readWish } from "./finish.ts";
import { readKubeconfig } from "./kubeconfig-file.ts";
import type { Call } from "../leaf.ts";
import { readTosca } from "./tosca-file.ts";
import { updateResource } from "../objects/update-resource.ts";

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
  const draft = changeCluster({ metadata: { name }, spec: {} }, options, {
    kubeconfig: read.kubeconfig,
  });
  const created = await objects.create(draft, await session.namespace());
  return await finish(session, kind, created, wish);
}

export async function createCluster({
  args,
  options,
  session,
}: Call<ClusterFlags>): Promise<number> {
  const wish = readWish(options, ["online"]);
  const tosca = await readTosca(options.file ?? "", session);
  const objects = (await session.client()).of(ClusterKind);
  const draft = changeCluster({ metadata: { name: args[0] ?? "" }, spec: {} }, options, { tosca });
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
  const tosca = options.file === undefined ? {} : { tosca: await readTosca(options.file, session) };
  const found = { ...tosca, ...(read ? { kubeconfig: read.kubeconfig } : {}) };
  const objects = (await session.client()).of(ClusterKind);
  const ref = { namespace: await session.namespace(), name: args[0] ?? "" };
  const updated = await updateResource(objects, ref, (cluster) =>
    changeCluster(cluster, options, found),
  );
  return await finish(session, kind, updated, wish);
}

interface ClusterSpec {
  readonly constraints?: {
    readonly cloud?: {
      readonly labels?: readonly string[] | null;
      readonly metrics?: readonly string[] | null;
    };
  };
  readonly custom_resources?: readonly string[];
  readonly metrics?: readonly MetricRef[];
}

/** What came out of the files that were named. */
interface ClusterFiles {
  readonly kubeconfig?: Readonly<Record<string, unknown>>;
  readonly tosca?: Readonly<Record<string, unknown>>;
}

/** The cluster with what was named changed, and nothing else. Pure. */
export function changeCluster<
  C extends {
    readonly metadata: {
      readonly name: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly inherit_labels?: boolean;
    };
    readonly spec: ClusterSpec;
  },
>(cluster: C, flags: ClusterFlags, found: ClusterFiles): C {
  const { spec, metadata } = cluster;
  const metrics = flags.removeExistingMetrics === true ? [] : (spec.metrics ?? []);
  return {
    ...cluster,
    metadata: {
      ...metadata,
      labels: changedLabels(metadata, flags),
      ...(flags.inheritLabels === true ? { inherit_labels: true } : {}),
    },
    spec: {
      ...spec,
      ...found,
      ...cloudConstraints(spec, flags),
      ...(flags.inheritMetrics === true ? { inherit_metrics: true } : {}),
      ...(flags.elastic === undefined ? {} : { elastic: flags.elastic }),
      custom_resources: added(
        flags.removeExistingCustomResources === true ? [] : spec.custom_resources,
        flags.customResource,
      ),
      metrics: weighed(metrics, flags),
      ...backoffFields(flags),
    },
  };
}

function cloudConstraints({ constraints }: ClusterSpec, flags: ClusterFlags): object {
  const { cloudLabelConstraint, cloudMetricConstraint } = flags;
  const noLabels = flags.removeExistingCloudLabelConstraints === true;
  const noMetrics = flags.removeExistingCloudMetricConstraints === true;
  if (!(cloudLabelConstraint || cloudMetricConstraint || noLabels || noMetrics)) return {};
  const cloud = constraints?.cloud;
  return {
    constraints: {
      cloud: {
        labels: added(noLabels ? [] : cloud?.labels, cloudLabelConstraint),
        metrics: added(noMetrics ? [] : cloud?.metrics, cloudMetricConstraint),
      },
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
