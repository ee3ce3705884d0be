import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { isName } from "./metadata.ts";
import { checkMetricUnit, MetricUnitSchema } from "./metric-unit.ts";
import { defineKind, type Column, type Resource, type ResourceOf } from "./kind.ts";

/** Kinds Metric and GlobalMetric: one specification in two scopes. */

const SpecSchema = Type.Object(
  {
    allowed_values: Type.Array(Type.Integer(), {
      default: [],
      description: "empty: every value in the range",
    }),
    min: Type.Number(),
    max: Type.Number(),
    direction: Type.Optional(
      Type.Union([Type.Literal("higher"), Type.Literal("lower")], {
        description: "which values are better; left out: higher",
      }),
    ),
    when_stale: Type.Optional(
      Type.Union([Type.Literal("keep"), Type.Literal("neutral"), Type.Literal("exclude")], {
        description:
          "what counts when there is no fresh value: keep the last one, neutral the middle of the range, " +
          "exclude the clusters that name the metric; left out: exclude",
      }),
    ),
    max_age: Type.Optional(
      Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()], {
        description: "seconds until a value is stale; left out or null: a minute of failed fetches",
      }),
    ),
    unit: Type.Optional(
      Type.Union([MetricUnitSchema, Type.Null()], {
        description: "of its values; prices and gCO2/kWh make the estimates of a placement",
      }),
    ),
    counts_as: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description:
          "the name by which policies and applications weigh it, where each cluster has a metric of its own",
      }),
    ),
    provider: Type.Object(
      { name: Type.String(), metric: Type.String({ description: "its name at the provider" }) },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

type AnyMetric = Resource<{ spec: typeof SpecSchema }, undefined>;

const columns: readonly Column<AnyMetric>[] = [
  { title: "provider", cell: ({ spec }) => spec.provider.name },
  { title: "min", cell: ({ spec }) => String(spec.min) },
  { title: "max", cell: ({ spec }) => String(spec.max) },
  { title: "direction", wide: true, cell: ({ spec }) => spec.direction ?? "higher" },
  { title: "when_stale", wide: true, cell: ({ spec }) => spec.when_stale ?? "exclude" },
  {
    title: "max_age",
    wide: true,
    cell: ({ spec }) => (typeof spec.max_age === "number" ? `${spec.max_age}s` : ""),
  },
  { title: "unit", wide: true, cell: ({ spec }) => spec.unit ?? "" },
  { title: "counts_as", wide: true, cell: ({ spec }) => spec.counts_as ?? "" },
  { title: "allowed_values", cell: ({ spec }) => spec.allowed_values.join(", ") },
];

function validate({ spec }: AnyMetric): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (!(spec.min < spec.max)) {
    problems.push({ field: "spec.min", message: `expected less than max (${spec.max})` });
  } else if (!Number.isFinite(spec.max - spec.min)) {
    problems.push({ field: "spec.max", message: "expected a range that is a number itself" });
  }
  for (const [index, value] of spec.allowed_values.entries()) {
    if (value < spec.min || value > spec.max) {
      const message = `expected a value from min to max (${spec.min} to ${spec.max})`;
      problems.push({ field: `spec.allowed_values[${index}]`, message });
    }
  }
  if (typeof spec.counts_as === "string" && !isName(spec.counts_as)) {
    problems.push({ field: "spec.counts_as", message: "expected a name, as metrics have them" });
  }
  return [...problems, ...checkMetricUnit("spec.unit", spec.unit)];
}

const shared = {
  api: "core",
  fields: { spec: SpecSchema },
  status: undefined,
  subresources: [],
  secrets: [],
  additions: [
    ["spec", "direction"],
    ["spec", "when_stale"],
    ["spec", "max_age"],
    ["spec", "unit"],
    ["spec", "counts_as"],
  ],
  krakeForm: {
    numbersAsText: [
      ["spec", "min"],
      ["spec", "max"],
    ],
  },
  finalizers: [],
  columns,
  validate,
} as const;

export const MetricKind = defineKind({
  ...shared,
  kind: "Metric",
  plural: "metrics",
  namespaced: true,
  aliases: [],
});

export const GlobalMetricKind = defineKind({
  ...shared,
  kind: "GlobalMetric",
  plural: "globalmetrics",
  namespaced: false,
  aliases: ["gm"],
});

export type Metric = ResourceOf<typeof MetricKind>;
