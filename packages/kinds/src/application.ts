import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { adjustmentsField, adjustmentText, stoppedField } from "./adjustment.ts";
import { CopySchema } from "./application-copy.ts";
import { applicationState } from "./application-state.ts";
import { ConditionSchema } from "./condition.ts";
import {
  checkConstraints,
  checkExpressions,
  checkPreferences,
  expressionsField,
  preferredField,
  warnOfConstraints,
} from "./constraints.ts";
import { checkCopies, placesField } from "./copies.ts";
import { checkDelivery, deliveryField } from "./delivery.ts";
import { NewClusterSchema } from "./decision.ts";
import { eventCount } from "./event.ts";
import { defineKind, type Resource } from "./kind.ts";
import { checkManifest } from "./manifest.ts";
import { checkMigrationHooks } from "./migration-hook.ts";
import { checkSource, translationsField } from "./manifest-source.ts";
import { checkObserverSchema } from "./observer-schema.ts";
import { dateTime, nullable, ReasonSchema, ResourceRefSchema } from "./metadata.ts";
import {
  checkNeighbourRules,
  checkSpread,
  neighbourRulesField,
  neighbourRuleText,
  spreadField,
  spreadText,
} from "./neighbour-rule.ts";
import {
  checkPlacement,
  failedMovesField,
  movesField,
  placementField,
} from "./placement-choice.ts";
import { checkOverrides } from "./override.ts";
import { checkTolerations, tolerationsField } from "./taint.ts";
import { formatRef, formatState, joined } from "./cells.ts";

const anyObject = Type.Record(Type.String(), Type.Unknown());
const texts = Type.Array(Type.String());
const closed = { additionalProperties: false } as const;

const ClusterConstraintsSchema = Type.Object(
  {
    labels: nullable(texts),
    custom_resources: Type.Array(Type.String(), { default: [] }),
    metrics: nullable(texts),
    preferred: preferredField,
    expressions: expressionsField,
    applications: neighbourRulesField,
    spread: spreadField,
    ignore_capacity: Type.Optional(
      Type.Boolean({ description: "also on clusters with less free than it requests" }),
    ),
  },
  { ...closed, default: {} },
);

const SpecSchema = Type.Object(
  {
    manifest: Type.Array(anyObject, { default: [], description: "Kubernetes objects" }),
    tosca: Type.Union([anyObject, Type.String()], { default: {} }),
    csar: nullable(Type.String()),
    observer_schema: Type.Array(anyObject, { default: [] }),
    constraints: Type.Object(
      { cluster: ClusterConstraintsSchema, migration: Type.Boolean({ default: true }) },
      { ...closed, default: {} },
    ),
    hooks: Type.Array(Type.String(), { default: [] }),
    shutdown_grace_time: nullable(Type.Integer({ minimum: 0 })),
    shutdown_failure_strategy: nullable(Type.String()),
    shutdown_retry_count: nullable(Type.Integer({ minimum: 0 })),
    backoff: Type.Integer({ default: 1 }),
    backoff_delay: Type.Integer({ default: 1 }),
    backoff_limit: Type.Integer({ default: -1 }),
    storage_migration: Type.String({ default: "none" }),
    auto_cluster_create: Type.Boolean({ default: false }),
    tolerations: tolerationsField,
    placement: placementField,
    delivery: deliveryField,
    adjustments: adjustmentsField,
    stopped: stoppedField,
    reschedule_after: Type.Optional(
      Type.Union([Type.Number({ minimum: 0, maximum: 31_536_000 }), Type.Null()], {
        description:
          "seconds between moves for metrics, a year at most; left out or null: the scheduler's own",
      }),
    ),
  },
  closed,
);

const count = Type.Integer({ default: 0 });

const StatusSchema = Type.Object(
  {
    state: Type.String({ default: "PENDING" }),
    reason: nullable(ReasonSchema),
    conditions: Type.Array(ConditionSchema, { default: [] }),
    scheduled_generation: count,
    observed_generation: count,
    decisions: Type.Integer({ default: 0, minimum: 0 }),
    events: eventCount,
    copies: Type.Array(CopySchema, { default: [] }),
    container_health: Type.Object(
      { desired_pods: count, running_pods: count, completed_pods: count, failed_pods: count },
      { ...closed, default: {} },
    ),
    kube_controller_triggered: nullable(dateTime),
    scheduled: nullable(dateTime),
    scheduled_to: nullable(ResourceRefSchema),
    places: placesField,
    moves: movesField,
    failed_moves: failedMovesField,
    translations: translationsField,
    running_on: nullable(ResourceRefSchema),
    retries: nullable(Type.Integer()),
    scheduled_retry: nullable(dateTime),
    services: Type.Record(Type.String(), Type.String(), { default: {} }),
    mangled_observer_schema: Type.Array(anyObject, { default: [] }),
    last_observed_manifest: Type.Array(anyObject, { default: [] }),
    last_applied_manifest: Type.Array(anyObject, { default: [] }),
    complete_token: nullable(Type.String()),
    complete_cert: nullable(Type.String()),
    complete_key: nullable(Type.String()),
    shutdown_token: nullable(Type.String()),
    shutdown_cert: nullable(Type.String()),
    shutdown_key: nullable(Type.String()),
    shutdown_grace_period: nullable(dateTime),
    auto_cluster_create_started: nullable(Type.String()),
    new_cluster: Type.Optional(NewClusterSchema),
    migration_retries: count,
    migration_timeout: count,
  },
  closed,
);

export type Application = Resource<{ spec: typeof SpecSchema }, typeof StatusSchema>;
export type ApplicationStatus = Application["status"];
export type Copy = ApplicationStatus["copies"][number];
export type InventoryItem = Copy["objects"][number];

export const ApplicationKind = defineKind({
  api: "kubernetes",
  kind: "Application",
  plural: "applications",
  namespaced: true,
  aliases: ["app"],
  fields: { spec: SpecSchema },
  status: StatusSchema,
  subresources: [
    "binding",
    "complete",
    "shutdown",
    "retry",
    "decisions",
    "objects",
    "differences",
    "images",
    "pods",
    "logs",
    "exec",
    "portforward",
    "scale",
    "set-image",
    "restart",
    "suspend",
    "resume",
    "rerun",
    "stop",
    "start",
    "migrate",
    "undo",
  ],
  secrets: ["complete_token", "complete_key", "shutdown_token", "shutdown_key"].map((field) => [
    "status",
    field,
  ]),
  additions: [
    ["spec", "reschedule_after"],
    ["spec", "tolerations"],
    ["spec", "placement"],
    ["spec", "delivery"],
    ["spec", "adjustments"],
    ["spec", "stopped"],
    ...["preferred", "expressions", "applications", "spread", "ignore_capacity"].map((field) => [
      "spec",
      "constraints",
      "cluster",
      field,
    ]),
    ["status", "moves"],
    ["status", "failed_moves"],
    ["status", "new_cluster"],
    ["status", "translations"],
    ["status", "conditions"],
    ["status", "scheduled_generation"],
    ["status", "observed_generation"],
    ["status", "decisions"],
    ["status", "events"],
    ["status", "copies"],
    ["status", "places"],
  ],
  krakeForm: {
    numbersAsText: ["shutdown_grace_time", "backoff", "backoff_delay", "backoff_limit"].map(
      (field) => ["spec", field],
    ),
  },
  bulky: [
    ["spec", "manifest"],
    ["spec", "tosca"],
    ["spec", "observer_schema"],
    ["status", "mangled_observer_schema"],
    ["status", "last_observed_manifest"],
    ["status", "last_applied_manifest"],
  ],
  keepsRevisions: true,
  finalizers: ["kubernetes_resources_deletion"],
  columns: [
    { title: "state", cell: (app) => formatState(app.status.state) },
    {
      title: "cluster",
      cell: ({ status }) => joined(clusterNames(status)),
    },
    { title: "reason", wide: true, cell: (app) => app.status.reason?.message ?? "" },
    { title: "container_health", wide: true, cell: (app) => podCounts(app) },
    { title: "services", wide: true, cell: (app) => services(app) },
    { title: "allow migration", wide: true, cell: (app) => String(app.spec.constraints.migration) },
    {
      title: "label constraints",
      wide: true,
      cell: (app) => joined(app.spec.constraints.cluster.labels),
    },
    {
      title: "resources constraints",
      wide: true,
      cell: (app) => joined(app.spec.constraints.cluster.custom_resources),
    },
    {
      title: "metric constraints",
      wide: true,
      cell: (app) => joined(app.spec.constraints.cluster.metrics),
    },
    {
      title: "expressions",
      wide: true,
      cell: (app) => joined(app.spec.constraints.cluster.expressions ?? []),
    },
    { title: "other applications", wide: true, cell: (app) => joined(neighbourTexts(app)) },
    { title: "pinned to", wide: true, cell: (app) => app.spec.placement?.cluster ?? "" },
    { title: "policy", wide: true, cell: (app) => app.spec.placement?.policy ?? "" },
    {
      title: "weights",
      wide: true,
      cell: ({ spec }) =>
        joined(
          Object.entries(spec.placement?.weights ?? {}).map(
            ([name, weight]) => `${name}: ${weight}`,
          ),
        ),
    },
    {
      title: "adjusted",
      wide: true,
      cell: ({ spec }) => (spec.adjustments ?? []).map(adjustmentText).join("\n"),
    },
    { title: "stopped", wide: true, cell: ({ spec }) => spec.stopped ?? "" },
    { title: "hooks", wide: true, cell: (app) => joined(app.spec.hooks) },
    { title: "scheduled_to", wide: true, cell: (app) => formatRef(app.status.scheduled_to) },
    { title: "scheduled", wide: true, cell: (app) => app.status.scheduled ?? "" },
    { title: "running_on", wide: true, cell: (app) => formatRef(app.status.running_on) },
    { title: "backoff", wide: true, cell: (app) => String(app.spec.backoff) },
    { title: "backoff_delay", wide: true, cell: (app) => String(app.spec.backoff_delay) },
    { title: "backoff_limit", wide: true, cell: (app) => String(app.spec.backoff_limit) },
  ],
  validate(app) {
    return [
      ...checkSource(app.spec),
      ...checkManifest(app.spec.manifest),
      ...checkMigrationHooks(app.spec.manifest),
      ...checkObserverSchema(app.spec.observer_schema, app.spec.manifest),
      ...checkConstraints("spec.constraints.cluster", app.spec.constraints.cluster),
      ...checkPreferences(
        "spec.constraints.cluster.preferred",
        app.spec.constraints.cluster.preferred,
      ),
      ...checkNeighbours(app),
      ...checkTolerations("spec.tolerations", app.spec.tolerations),
      ...checkPlacement("spec.placement", app.spec.placement),
      ...checkDelivery("spec.delivery", app.spec.delivery),
      ...checkCopies("spec.placement.copies", app.spec.placement?.copies),
      ...checkOverrides(
        "spec.placement.overrides",
        app.spec.placement?.overrides,
        app.spec.manifest,
      ),
    ];
  },
  warn: (app) => warnOfConstraints(app.spec.constraints.cluster),
  derive: (app) => applicationState(app),
});

function checkNeighbours({ spec }: Application): readonly FieldProblem[] {
  const { expressions, applications, spread } = spec.constraints.cluster;
  const at = "spec.constraints.cluster";
  return [
    ...checkExpressions(`${at}.expressions`, expressions),
    ...checkNeighbourRules(`${at}.applications`, applications),
    ...checkSpread(`${at}.spread`, spread),
  ];
}

function neighbourTexts({ spec }: Application): readonly string[] {
  const { applications = [], spread = [] } = spec.constraints.cluster;
  return [...applications.map(neighbourRuleText), ...spread.map(spreadText)];
}

/** Where it runs, or will; of several copies, where they belong. */
function clusterNames({ places, running_on, scheduled_to }: ApplicationStatus): readonly string[] {
  if (places !== undefined) return places.map(({ cluster }) => cluster.name);
  return [(running_on ?? scheduled_to)?.name ?? ""];
}

function podCounts({ status }: Application): string {
  const { running_pods, failed_pods, completed_pods, desired_pods } = status.container_health;
  return `${running_pods} active / ${failed_pods} failed / ${completed_pods} succeeded / ${desired_pods} desired`;
}

function services({ status }: Application): string {
  return Object.entries(status.services)
    .map(([name, address]) => `${name}: ${address}`)
    .join("\n");
}
