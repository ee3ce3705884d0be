import type { FastifyInstance, FastifyRequest } from "fastify";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { measureCluster } from "@octoplane/kinds/cluster-measure";
import { anyKind } from "@octoplane/kinds/kind";
import { GlobalMetricKind, MetricKind, type Metric } from "@octoplane/kinds/metric";
import {
  MetricValueSchema,
  type MetricRecord,
  type MetricValue,
} from "@octoplane/kinds/metric-value";
import { readMetricValue } from "@octoplane/resources/metric-values";
import { userOf, type ApiContext } from "../api-context.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { demand, pathOf } from "./resource.ts";

/** `GET …/metrics/{name}/value`: what the scheduler knows of a metric now. Whoever may read the metric may read it. */
export function metricValueRoutes(app: FastifyInstance, context: ApiContext): void {
  const { store, clock } = context.resources.parts;
  for (const kind of [MetricKind, GlobalMetricKind]) {
    const words = { answer: MetricValueSchema };
    const schema = operation(anyKind(kind))("read the current value of", words);
    app.get(`${pathOf(anyKind(kind))}/value`, schema, async (request, reply) => {
      const ref = demand(context, anyKind(kind), request, "get");
      const metric = await context.resources.of(kind).mustGet(ref);
      const record = (await readMetricValue(store, metric.metadata.uid)) ?? unknownRecord(metric);
      const isMeasured = record.source.type === "cluster";
      const value: MetricValue = {
        api: "core",
        kind: "MetricValue",
        metadata: { name: metric.metadata.name, namespace: metric.metadata.namespace },
        ...record,
        age: ageOf(record, clock.now()),
        ...(isMeasured ? { clusters: clusterValues(context, request, metric) } : {}),
      };
      return sendJson(reply.header("cache-control", "no-store"), value);
    });
  }
}

/** Nobody has fetched it yet: the scheduler does not run, or is at it. */
function unknownRecord({ spec }: Metric): MetricRecord {
  const { name: provider, metric } = spec.provider;
  return {
    value: null,
    time: null,
    score: null,
    problem: null,
    source: { provider, type: null, metric },
    health: { state: "unknown", message: "no value has been fetched yet" },
    history: [],
  };
}

function ageOf({ time }: MetricRecord, now: number): number | null {
  return time === null ? null : Math.max(0, Math.round((now - Date.parse(time)) / 1_000));
}

/** The values of those clusters that name the metric and that the user may list. */
function clusterValues(
  context: ApiContext,
  request: FastifyRequest,
  metric: Metric,
): NonNullable<MetricValue["clusters"]> {
  const { name, namespace } = metric.metadata;
  const now = context.resources.parts.clock.now();
  const wish = { api: "kubernetes", resource: "clusters", verb: "list" } as const;
  const visible = context.authorizer.visible(userOf(request), wish);
  const isNamespaced = namespace !== null;
  return [...context.resources.feed(ClusterKind).objects.values()].flatMap((cluster) => {
    const home = cluster.metadata.namespace ?? "";
    if (visible !== "all" && !visible.has(home)) return [];
    if (isNamespaced && home !== namespace) return [];
    const isNamed = cluster.spec.metrics.some(
      (ref) => ref.name === name && ref.namespaced === isNamespaced,
    );
    if (!isNamed) return [];
    const measured = measureCluster(cluster, metric.spec.provider.metric, now);
    return [
      {
        namespace: home,
        name: cluster.metadata.name,
        value: measured.ok ? measured.value : null,
        message: measured.ok ? "" : measured.message,
      },
    ];
  });
}
