import { Type } from "typebox";
import { formatRef, formatState, joined, printable } from "./cells.ts";
import { ConditionSchema } from "./condition.ts";
import { checkConstraints, warnOfConstraints } from "./constraints.ts";
import { eventCount } from "./event.ts";
import { defineKind, type Resource } from "./kind.ts";
import { magnumClusterState } from "./magnum-cluster-state.ts";
import { nullable, ReasonSchema, ResourceRefSchema } from "./metadata.ts";
import { metricLines, MetricRefSchema } from "./metric-ref.ts";

/** Kind MagnumCluster: a cluster that Magnum makes in a project of OpenStack. */

const closed = { additionalProperties: false } as const;
const texts = Type.Array(Type.String());
const count = nullable(Type.Integer({ minimum: 0 }));

const SpecSchema = Type.Object(
  {
    master_count: { ...count, description: "fixed once created" },
    node_count: count,
    metrics: Type.Array(MetricRefSchema, { default: [] }),
    constraints: nullable(
      Type.Object({ project: Type.Object({ labels: nullable(texts) }, closed) }, closed),
    ),
  },
  closed,
);

const StatusSchema = Type.Object(
  {
    state: Type.String({ default: "PENDING" }),
    reason: nullable(ReasonSchema),
    conditions: Type.Array(ConditionSchema, { default: [] }),
    events: eventCount,
    project: nullable(ResourceRefSchema),
    template: nullable(Type.String()),
    cluster_id: nullable(Type.String()),
    node_count: nullable(Type.Integer()),
    api_address: nullable(Type.String()),
    master_addresses: nullable(texts),
    node_addresses: nullable(texts),
    cluster: nullable(ResourceRefSchema),
  },
  closed,
);

export type MagnumCluster = Resource<{ spec: typeof SpecSchema }, typeof StatusSchema>;
export type MagnumClusterStatus = MagnumCluster["status"];

export const MagnumClusterKind = defineKind({
  api: "openstack",
  kind: "MagnumCluster",
  plural: "magnumclusters",
  namespaced: true,
  aliases: [],
  fields: { spec: SpecSchema },
  status: StatusSchema,
  subresources: ["binding"],
  secrets: [],
  immutable: [
    ["spec", "master_count"],
    ["status", "template"],
  ],
  additions: [
    ["status", "conditions"],
    ["status", "events"],
  ],
  krakeForm: { misplaced: [{ from: ["metadata", "constraints"], to: ["spec", "constraints"] }] },
  finalizers: [],
  columns: [
    { title: "state", cell: ({ status }) => formatState(status.state) },
    { title: "reason", wide: true, cell: ({ status }) => printable(status.reason?.message ?? "") },
    { title: "master", wide: true, cell: ({ spec }) => numberText(spec.master_count) },
    { title: "nodes", wide: true, cell: ({ spec }) => numberText(spec.node_count) },
    {
      title: "constraints",
      wide: true,
      cell: ({ spec }) => joined(spec.constraints?.project.labels),
    },
    { title: "metrics", wide: true, cell: ({ spec }) => joined(metricLines(spec.metrics)) },
    { title: "project", wide: true, cell: ({ status }) => formatRef(status.project) },
    { title: "template", wide: true, cell: ({ status }) => printable(status.template ?? "") },
    { title: "cluster_id", wide: true, cell: ({ status }) => printable(status.cluster_id ?? "") },
    { title: "node_count", wide: true, cell: ({ status }) => numberText(status.node_count) },
    { title: "api_address", wide: true, cell: ({ status }) => printable(status.api_address ?? "") },
    {
      title: "master_addresses",
      wide: true,
      cell: ({ status }) => joined(status.master_addresses),
    },
    { title: "node_addresses", wide: true, cell: ({ status }) => joined(status.node_addresses) },
    { title: "cluster", wide: true, cell: ({ status }) => formatRef(status.cluster) },
  ],
  validate({ spec }) {
    const labels = spec.constraints?.project.labels ?? null;
    return checkConstraints("spec.constraints.project", { labels, metrics: null });
  },
  warn: ({ spec }) =>
    warnOfConstraints({ labels: spec.constraints?.project.labels ?? null, metrics: null }),
  derive: (cluster) => magnumClusterState(cluster),
});

function numberText(value: number | null): string {
  return value === null ? "" : String(value);
}
