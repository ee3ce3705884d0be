import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { formatState, joined, printable } from "./cells.ts";
import { defineKind, type Column, type Resource, type ResourceOf } from "./kind.ts";
import { nullable } from "./metadata.ts";
import { metricLines, MetricRefSchema } from "./metric-ref.ts";
import { metricsState, metricsStatusAdditions, MetricsStatusSchema } from "./metrics-state.ts";
import { urlProblem } from "./service-url.ts";

/** Kinds Cloud and GlobalCloud: where clusters can be made. One specification in two scopes. */

const closed = { additionalProperties: false } as const;
const comment = nullable(Type.String());

const PasswordSchema = Type.Object(
  {
    version: Type.String({ default: "3", description: "of the Identity API" }),
    user: Type.Object(
      {
        username: Type.String(),
        password: Type.String(),
        domain_name: Type.String({ default: "Default" }),
        comment,
      },
      closed,
    ),
    project: Type.Object(
      { name: Type.String(), domain_id: Type.String({ default: "default" }), comment },
      closed,
    ),
  },
  closed,
);

const SpecSchema = Type.Object(
  {
    type: Type.Literal("openstack"),
    openstack: Type.Object(
      {
        url: Type.String({ description: "of the Identity service: http:// or https://" }),
        auth: Type.Object({ type: Type.Literal("password"), password: PasswordSchema }, closed),
        metrics: Type.Array(MetricRefSchema, { default: [] }),
        infrastructure_provider: Type.Object(
          { name: Type.String(), namespaced: Type.Boolean({ default: false }) },
          closed,
        ),
      },
      closed,
    ),
  },
  closed,
);

type AnyCloud = Resource<{ spec: typeof SpecSchema }, typeof MetricsStatusSchema>;

const columns: readonly Column<AnyCloud>[] = [
  { title: "type", cell: ({ spec }) => spec.type },
  { title: "metrics", cell: ({ spec }) => joined(metricLines(spec.openstack.metrics)) },
  {
    title: "infra_provider",
    cell: ({ spec }) => printable(spec.openstack.infrastructure_provider.name),
  },
  { title: "state", cell: ({ status }) => formatState(status.state) },
  { title: "reason", wide: true, cell: ({ status }) => printable(status.reason?.message ?? "") },
];

function validate({ spec }: AnyCloud): readonly FieldProblem[] {
  const message = urlProblem(spec.openstack.url);
  return message === undefined ? [] : [{ field: "spec.openstack.url", message }];
}

/** What is in no namespace can name nothing that is in one. */
function validateGlobal(cloud: AnyCloud): readonly FieldProblem[] {
  const { infrastructure_provider: provider, metrics } = cloud.spec.openstack;
  const problems = [...validate(cloud)];
  if (provider.namespaced) {
    const message = "expected false: a global cloud can only use a global infrastructure provider";
    problems.push({ field: "spec.openstack.infrastructure_provider.namespaced", message });
  }
  for (const [index, metric] of metrics.entries()) {
    if (!metric.namespaced) continue;
    const message = "expected false: a global cloud can only use global metrics";
    problems.push({ field: `spec.openstack.metrics[${index}].namespaced`, message });
  }
  return problems;
}

const shared = {
  api: "infrastructure",
  fields: { spec: SpecSchema },
  status: MetricsStatusSchema,
  subresources: [],
  secrets: [["spec", "openstack", "auth", "password", "user", "password"]],
  // The infrastructure provider is handed the credentials of the cloud to work there.
  secretsGoTo: [
    ["spec", "openstack", "url"],
    ["spec", "openstack", "infrastructure_provider"],
  ],
  additions: metricsStatusAdditions,
  krakeForm: {
    misplaced: [
      {
        from: ["metadata", "password"],
        to: ["spec", "openstack", "auth", "password", "user", "password"],
      },
    ],
  },
  finalizers: [],
  columns,
  derive: metricsState,
} as const;

export const CloudKind = defineKind({
  ...shared,
  kind: "Cloud",
  plural: "clouds",
  namespaced: true,
  aliases: [],
  validate,
});

export const GlobalCloudKind = defineKind({
  ...shared,
  kind: "GlobalCloud",
  plural: "globalclouds",
  namespaced: false,
  aliases: ["gcloud", "gc"],
  validate: validateGlobal,
});

export type Cloud = ResourceOf<typeof CloudKind>;
