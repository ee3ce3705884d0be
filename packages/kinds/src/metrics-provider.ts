import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { defineKind, type Column, type Resource, type ResourceOf } from "./kind.ts";
import { urlProblem } from "./service-url.ts";
import { checkTypedBlock } from "./typed-block.ts";

/** Kinds MetricsProvider and GlobalMetricsProvider: where the values of metrics come from. */

const closed = { additionalProperties: false } as const;
const url = Type.String({ description: "http:// or https://" });

/** The block of each type; exactly the one that `type` names is expected. */
const blocks = {
  prometheus: Type.Object({ url }, closed),
  influx: Type.Object(
    { url, token: Type.String(), org: Type.String(), bucket: Type.String() },
    closed,
  ),
  kafka: Type.Object(
    {
      url,
      table: Type.String(),
      comparison_column: Type.String(),
      value_column: Type.String(),
    },
    closed,
  ),
  static: Type.Object({ metrics: Type.Record(Type.String(), Type.Number()) }, closed),
} as const;

const SpecSchema = Type.Object(
  {
    type: Type.Union([
      Type.Literal("prometheus"),
      Type.Literal("influx"),
      Type.Literal("kafka"),
      Type.Literal("static"),
    ]),
    prometheus: Type.Optional(blocks.prometheus),
    influx: Type.Optional(blocks.influx),
    kafka: Type.Optional(blocks.kafka),
    static: Type.Optional(blocks.static),
  },
  closed,
);

type AnyProvider = Resource<{ spec: typeof SpecSchema }, undefined>;

const columns: readonly Column<AnyProvider>[] = [
  { title: "mp_type", cell: ({ spec }) => spec.type },
  { title: "url", wide: true, cell: ({ spec }) => urlOf(spec) },
  {
    title: "metrics",
    wide: true,
    cell: ({ spec }) =>
      Object.entries(spec.static?.metrics ?? {})
        .map(([name, value]) => `${name}: ${value}`)
        .join("\n"),
  },
];

function urlOf(spec: AnyProvider["spec"]): string {
  return spec.prometheus?.url ?? spec.influx?.url ?? spec.kafka?.url ?? "";
}

function validate({ spec }: AnyProvider): readonly FieldProblem[] {
  const problems = [
    ...checkTypedBlock("spec", spec, { noun: "a provider", types: Object.keys(blocks) }),
  ];
  const address = urlOf(spec);
  if (spec.type !== "static" && problems.length === 0) {
    const message = urlProblem(address);
    if (message !== undefined) problems.push({ field: `spec.${spec.type}.url`, message });
  }
  return problems;
}

const shared = {
  api: "core",
  fields: { spec: SpecSchema },
  status: undefined,
  subresources: [],
  secrets: [["spec", "influx", "token"]],
  secretsGoTo: [["spec", "influx", "url"]],
  additions: [],
  finalizers: [],
  columns,
  validate,
} as const;

export const MetricsProviderKind = defineKind({
  ...shared,
  kind: "MetricsProvider",
  plural: "metricsproviders",
  namespaced: true,
  aliases: ["mp"],
});

export const GlobalMetricsProviderKind = defineKind({
  ...shared,
  kind: "GlobalMetricsProvider",
  plural: "globalmetricsproviders",
  namespaced: false,
  answersEqualPut: true,
  aliases: ["gmp"],
});

export type MetricsProvider = ResourceOf<typeof MetricsProviderKind>;
