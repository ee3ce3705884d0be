import { added, changedLabels, weighed, type MetricRef } from "../kubernetes/change-application.ts";
import type { NamedNumber } from "../input/option-values.ts";

/** The flags of `os cluster create` and `update` as they are parsed. */
export interface MagnumClusterFlags {
  readonly masterCount?: number;
  readonly nodeCount?: number;
  readonly projectLabelConstraint?: readonly string[];
  readonly label?: Readonly<Record<string, string>>;
  readonly metric?: readonly NamedNumber[];
  readonly globalMetric?: readonly NamedNumber[];
  readonly removeExistingLabels?: boolean;
  readonly removeExistingMetrics?: boolean;
  readonly removeExistingProjectLabelConstraints?: boolean;
}

interface MagnumClusterLike {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly metrics?: readonly MetricRef[];
    readonly constraints?: {
      readonly project: { readonly labels: readonly string[] | null };
    } | null;
  };
}

/** The cluster with what was named changed, and nothing else; works on a new one too. Pure. */
export function changeMagnumCluster<C extends MagnumClusterLike>(
  cluster: C,
  flags: MagnumClusterFlags,
): C {
  const { metadata, spec } = cluster;
  const metrics = flags.removeExistingMetrics === true ? [] : (spec.metrics ?? []);
  const isCleared = flags.removeExistingProjectLabelConstraints === true;
  const before = isCleared ? [] : (spec.constraints?.project.labels ?? []);
  const labels = added(before, flags.projectLabelConstraint);
  return {
    ...cluster,
    metadata: { ...metadata, labels: changedLabels(metadata, flags) },
    spec: {
      ...spec,
      ...(flags.masterCount === undefined ? {} : { master_count: flags.masterCount }),
      ...(flags.nodeCount === undefined ? {} : { node_count: flags.nodeCount }),
      ...(isCleared || flags.projectLabelConstraint
        ? { constraints: { project: { labels } } }
        : {}),
      metrics: weighed(metrics, flags),
    },
  };
}
