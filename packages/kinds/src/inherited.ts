import type { Cloud } from "./cloud.ts";
import type { Cluster } from "./cluster.ts";
import { parseLabelConstraint, termsOf } from "./label-constraint.ts";
import type { ResourceRef } from "./metadata.ts";
import { parseMetricConstraint } from "./metric-constraint.ts";
import type { MetricRef } from "./metric-ref.ts";

/**
 * What a cluster has of the cloud that it is made on (contract section 4.7). It is worked out wherever it is needed and
 * stored nowhere: the cloud may change.
 */
export interface Inheritance {
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricRef[];
}

type Heir = Pick<Cluster, "metadata" | "spec">;

/** As far as a cloud has anything to pass on. */
export type Testator = Pick<Cloud, "metadata" | "spec">;

/**
 * All labels with `inherit_labels`, all metrics with `inherit_metrics`; without them those that the cluster's own constraints
 * on its cloud name, since it was put there for their sake. A label of the cloud comes before one of the cluster; of
 * metrics, the cluster's own come first, whatever their scope: a constraint only says their name. Pure.
 */
export function inheritedFrom({ metadata, spec }: Heir, cloud: Testator): Inheritance {
  const { cloud: constraints } = spec.constraints;
  const named = {
    labels: metadata.inherit_labels ? undefined : labelNames(constraints.labels),
    metrics: spec.inherit_metrics ? undefined : metricNames(constraints.metrics),
  };
  const own = new Set(spec.metrics.map(({ name }) => name));
  return {
    labels: Object.fromEntries(
      Object.entries(cloud.metadata.labels).filter(([key]) => named.labels?.has(key) ?? true),
    ),
    metrics: cloud.spec.openstack.metrics.filter(
      ({ name }) => !own.has(name) && (named.metrics?.has(name) ?? true),
    ),
  };
}

/** The cluster as placement sees it; the very same object when it inherits nothing. Pure. */
export function withInherited(cluster: Cluster, cloud: Testator | undefined): Cluster {
  if (cloud === undefined) return cluster;
  const { labels, metrics } = inheritedFrom(cluster, cloud);
  if (Object.keys(labels).length === 0 && metrics.length === 0) return cluster;
  const { metadata, spec } = cluster;
  return {
    ...cluster,
    metadata: { ...metadata, labels: { ...metadata.labels, ...labels } },
    spec: { ...spec, metrics: [...spec.metrics, ...metrics] },
  };
}

/** The cloud that a cluster stands on, or is to be made on. */
export function cloudRefOf({ status }: Pick<Cluster, "status">): ResourceRef | null {
  return status.running_on ?? status.scheduled_to;
}

function labelNames(texts: readonly string[] | null): ReadonlySet<string> {
  const keys = (texts ?? []).flatMap((text) => {
    const parsed = parseLabelConstraint(text);
    return parsed.ok ? termsOf(parsed.constraint).map(({ key }) => key) : [];
  });
  return new Set(keys);
}

function metricNames(texts: readonly string[] | null): ReadonlySet<string> {
  const names = (texts ?? []).flatMap((text) => {
    const parsed = parseMetricConstraint(text);
    return parsed.ok ? [parsed.constraint.metric] : [];
  });
  return new Set(names);
}
