import { Type } from "typebox";
import { formatRef, formatState, joined, printable } from "./cells.ts";
import { clusterState } from "./cluster-state.ts";
import { ConditionSchema } from "./condition.ts";
import { checkConstraints, warnOfConstraints } from "./constraints.ts";
import { eventCount } from "./event.ts";
import { defineKind, type Resource } from "./kind.ts";
import { checkKubeconfig } from "./kubeconfig.ts";
import { nullable, dateTime, ReasonSchema, ResourceRefSchema } from "./metadata.ts";
import { metricLines, MetricRefSchema, warnOfWeights } from "./metric-ref.ts";
import { checkTaints, taintsField, taintsSinceField, taintText } from "./taint.ts";
import { checkTosca } from "./tosca.ts";

const closed = { additionalProperties: false } as const;
const texts = Type.Array(Type.String());

const SpecSchema = Type.Object(
  {
    kubeconfig: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
    tosca: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
    custom_resources: Type.Array(Type.String(), { default: [] }),
    constraints: Type.Object(
      {
        cloud: Type.Object(
          { labels: nullable(texts), metrics: nullable(texts) },
          { ...closed, default: {} },
        ),
      },
      { ...closed, default: {} },
    ),
    metrics: Type.Array(MetricRefSchema, { default: [] }),
    inherit_metrics: Type.Boolean({ default: false }),
    backoff: Type.Integer({ default: 1 }),
    backoff_delay: Type.Integer({ default: 1 }),
    backoff_limit: Type.Integer({ default: -1 }),
    auto_generated: Type.Boolean({ default: false }),
    taints: taintsField,
    cordoned: Type.Optional(
      Type.Boolean({ description: "takes no new applications; those that run stay" }),
    ),
    elastic: Type.Optional(
      Type.Boolean({
        description: "its nodes come as they are needed: what is free now keeps nothing away",
      }),
    ),
    drain: Type.Optional(
      Type.Boolean({ description: "takes no new applications, and all that may move leave it" }),
    ),
  },
  closed,
);

const NodeSchema = Type.Object(
  {
    api: Type.String({ default: "kubernetes" }),
    kind: Type.String({ default: "ClusterNode" }),
    metadata: Type.Object({ name: Type.String() }, closed),
    status: Type.Object(
      {
        conditions: Type.Array(
          Type.Object(
            {
              type: Type.String(),
              status: Type.String(),
              reason: nullable(Type.String()),
              message: nullable(Type.String()),
            },
            closed,
          ),
        ),
      },
      closed,
    ),
  },
  closed,
);

/** What a cluster has, in cores and bytes, over its ready nodes. */
const CapacitySchema = Type.Object(
  {
    cpu_cores: Type.Number(),
    memory_bytes: Type.Number(),
    pods: Type.Integer(),
    nodes: Type.Integer(),
    nodes_ready: Type.Integer(),
    cpu_free_cores: Type.Optional(
      Type.Number({
        description: "what no Pod requests; below zero when more is promised than there is",
      }),
    ),
    memory_free_bytes: Type.Optional(Type.Number()),
    pods_free: Type.Optional(Type.Integer()),
    free_at: Type.Optional(
      Type.String({
        format: "date-time",
        description: "when the Pods were counted last that changed this",
      }),
    ),
  },
  closed,
);

const StatusSchema = Type.Object(
  {
    state: Type.String({ default: "PENDING" }),
    reason: nullable(ReasonSchema),
    conditions: Type.Array(ConditionSchema, { default: [] }),
    observed_generation: Type.Integer({ default: 0 }),
    decisions: Type.Optional(
      Type.Integer({ minimum: 0, description: "about the cloud that it is made on" }),
    ),
    events: eventCount,
    version: nullable(Type.String()),
    capacity: nullable(CapacitySchema),
    api_latency_ms: Type.Optional(
      Type.Number({ description: "of its API server: a smoothed answer time, in coarse steps" }),
    ),
    certificate_expires: Type.Optional(
      Type.String({
        format: "date-time",
        description: "when the first of our and its certificate ends",
      }),
    ),
    served_kinds: Type.Array(Type.String(), {
      default: [],
      description: "plural.group of every kind that the cluster serves beyond the built-in ones",
    }),
    kube_controller_triggered: nullable(dateTime),
    metrics_reasons: Type.Record(Type.String(), ReasonSchema, { default: {} }),
    taints_since: taintsSinceField,
    last_applied_tosca: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
    nodes: Type.Array(NodeSchema, { default: [] }),
    cluster_id: nullable(Type.String()),
    scheduled: nullable(dateTime),
    scheduled_to: nullable(ResourceRefSchema),
    running_on: nullable(ResourceRefSchema),
    retries: Type.Integer({ default: 0 }),
  },
  closed,
);

export type Cluster = Resource<{ spec: typeof SpecSchema }, typeof StatusSchema>;
export type ClusterStatus = Cluster["status"];

export const ClusterKind = defineKind({
  api: "kubernetes",
  kind: "Cluster",
  plural: "clusters",
  namespaced: true,
  aliases: [],
  fields: { spec: SpecSchema },
  status: StatusSchema,
  subresources: ["binding", "kubeconfig", "decisions", "nodes", "proxy"],
  secrets: [
    ["spec", "kubeconfig", "users", "*", "user", "token"],
    ["spec", "kubeconfig", "users", "*", "user", "password"],
    ["spec", "kubeconfig", "users", "*", "user", "client-key-data"],
  ],
  secretsGoTo: [["spec", "kubeconfig", "clusters"]],
  additions: [
    ["spec", "taints"],
    ["spec", "cordoned"],
    ["spec", "drain"],
    ["spec", "elastic"],
    ["status", "taints_since"],
    ["status", "conditions"],
    ["status", "observed_generation"],
    ["status", "decisions"],
    ["status", "events"],
    ["status", "version"],
    ["status", "capacity"],
    ["status", "api_latency_ms"],
    ["status", "certificate_expires"],
    ["status", "served_kinds"],
  ],
  krakeForm: {
    numbersAsText: ["backoff", "backoff_delay", "backoff_limit"].map((field) => ["spec", field]),
  },
  finalizers: [],
  columns: [
    { title: "state", cell: (cluster) => formatState(cluster.status.state) },
    { title: "reason", wide: true, cell: (cluster) => cluster.status.reason?.message ?? "" },
    { title: "custom_resources", wide: true, cell: (cluster) => joined(customResources(cluster)) },
    {
      title: "metrics",
      wide: true,
      cell: (cluster) => joined(metricLines(cluster.spec.metrics)),
    },
    { title: "failing_metrics", wide: true, cell: (cluster) => failing(cluster) },
    {
      title: "label constraints",
      wide: true,
      cell: (cluster) => joined(cluster.spec.constraints.cloud.labels),
    },
    {
      title: "metric constraints",
      wide: true,
      cell: (cluster) => joined(cluster.spec.constraints.cloud.metrics),
    },
    {
      title: "scheduled_to",
      wide: true,
      cell: (cluster) => formatRef(cluster.status.scheduled_to),
    },
    { title: "scheduled", wide: true, cell: (cluster) => cluster.status.scheduled ?? "" },
    { title: "running_on", wide: true, cell: (cluster) => formatRef(cluster.status.running_on) },
    { title: "taints", wide: true, cell: ({ spec }) => joined(spec.taints?.map(taintText) ?? []) },
    { title: "scheduling", wide: true, cell: (cluster) => schedulingOf(cluster) },
    { title: "version", wide: true, cell: (cluster) => cluster.status.version ?? "" },
    { title: "nodes", wide: true, cell: (cluster) => nodeCounts(cluster) },
    ...["pid", "memory", "disk"].map((name) => ({
      title: `nodes_${name}_pressure`,
      wide: true,
      cell: (cluster: Cluster) => underPressure(cluster, `${name}pressure`),
    })),
    { title: "backoff", wide: true, cell: (cluster) => String(cluster.spec.backoff) },
    { title: "backoff_delay", wide: true, cell: (cluster) => String(cluster.spec.backoff_delay) },
    { title: "backoff_limit", wide: true, cell: (cluster) => String(cluster.spec.backoff_limit) },
  ],
  validate({ spec }) {
    const hasKubeconfig = Object.keys(spec.kubeconfig).length > 0;
    const hasTosca = Object.keys(spec.tosca).length > 0;
    return [
      ...(hasKubeconfig || hasTosca
        ? []
        : [{ field: "spec", message: "expected a kubeconfig or a tosca template" }]),
      ...(hasKubeconfig
        ? checkKubeconfig(spec.kubeconfig).map(({ field, message }) => ({
            field: field === "" ? "spec.kubeconfig" : `spec.kubeconfig.${field}`,
            message,
          }))
        : []),
      ...(hasTosca ? checkTosca("spec.tosca", spec.tosca, ["kubeconfig"]) : []),
      ...checkConstraints("spec.constraints.cloud", spec.constraints.cloud),
      ...checkTaints("spec.taints", spec.taints),
    ];
  },
  warn: ({ spec }) => [
    ...warnOfConstraints(spec.constraints.cloud),
    ...warnOfWeights(spec.metrics),
  ],
  derive: (cluster) => clusterState(cluster),
});

/** Declared by the user or reported by the cluster itself, as `plural.group`. */
export function customResources(cluster: {
  readonly spec: { readonly custom_resources: readonly string[] };
  readonly status: { readonly served_kinds: readonly string[] };
}): readonly string[] {
  return [...new Set([...cluster.spec.custom_resources, ...cluster.status.served_kinds])];
}

/** Whether applications may come, as kubectl's word for nodes has it. */
function schedulingOf({ spec }: Cluster): string {
  if (spec.drain === true) return "draining";
  return spec.cordoned === true ? "cordoned" : "open";
}

function underPressure({ status }: Cluster, type: string): string {
  const pressed = status.nodes.filter((node) =>
    node.status.conditions.some(
      (condition) => condition.type.toLowerCase() === type && condition.status === "True",
    ),
  );
  return `${pressed.length}/${status.nodes.length}`;
}

function nodeCounts({ status }: Cluster): string {
  return status.capacity === null ? "" : `${status.capacity.nodes_ready}/${status.capacity.nodes}`;
}

function failing({ status }: Cluster): string {
  return Object.entries(status.metrics_reasons)
    .map(([name, reason]) => printable(`${name}: ${reason.message}`))
    .join("\n");
}
