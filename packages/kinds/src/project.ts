import { Type } from "typebox";
import { printable } from "./cells.ts";
import { defineKind, type ResourceOf } from "./kind.ts";
import { nullable } from "./metadata.ts";
import { MetricRefSchema } from "./metric-ref.ts";
import { metricsState, metricsStatusAdditions, MetricsStatusSchema } from "./metrics-state.ts";
import { urlProblem } from "./service-url.ts";
import { checkTypedBlock } from "./typed-block.ts";

/** Kind Project: a project of OpenStack in which Magnum makes clusters. */

const closed = { additionalProperties: false } as const;
const comment = nullable(Type.String());

const authBlocks = {
  password: Type.Object(
    {
      user: Type.Object({ id: Type.String(), password: Type.String(), comment }, closed),
      project: Type.Object({ id: Type.String(), comment }, closed),
    },
    closed,
  ),
  application_credential: Type.Object({ id: Type.String(), secret: Type.String() }, closed),
} as const;

const SpecSchema = Type.Object(
  {
    url: Type.String({ description: "of the Identity service: http:// or https://" }),
    auth: Type.Object(
      {
        type: Type.Union([Type.Literal("password"), Type.Literal("application_credential")]),
        password: Type.Optional(authBlocks.password),
        application_credential: Type.Optional(authBlocks.application_credential),
      },
      closed,
    ),
    template: Type.String({ description: "UUID of the cluster template of Magnum" }),
    metrics: Type.Array(MetricRefSchema, { default: [] }),
  },
  closed,
);

export const ProjectKind = defineKind({
  api: "openstack",
  kind: "Project",
  plural: "projects",
  namespaced: true,
  aliases: [],
  fields: { spec: SpecSchema },
  status: MetricsStatusSchema,
  subresources: [],
  secrets: [
    ["spec", "auth", "password", "user", "password"],
    ["spec", "auth", "application_credential", "secret"],
  ],
  secretsGoTo: [["spec", "url"]],
  additions: metricsStatusAdditions,
  finalizers: [],
  columns: [
    { title: "state", cell: ({ status }) => printable(status.state) },
    { title: "url", wide: true, cell: ({ spec }) => printable(spec.url) },
    { title: "template", wide: true, cell: ({ spec }) => printable(spec.template) },
    { title: "auth type", wide: true, cell: ({ spec }) => spec.auth.type },
  ],
  validate({ spec }) {
    const message = urlProblem(spec.url);
    return [
      ...(message === undefined ? [] : [{ field: "spec.url", message }]),
      ...checkTypedBlock("spec.auth", spec.auth, {
        noun: "an authentication",
        types: Object.keys(authBlocks),
      }),
    ];
  },
  derive: metricsState,
});

export type Project = ResourceOf<typeof ProjectKind>;
