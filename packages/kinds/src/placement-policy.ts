import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { joined } from "./cells.ts";
import { defineKind, type Column, type Resource, type ResourceOf } from "./kind.ts";
import { checkQuietHours, quietHoursField } from "./quiet-hours.ts";

/** Kinds PlacementPolicy and GlobalPlacementPolicy: one specification in two scopes. */

const closed = { additionalProperties: false } as const;

/** Of an objective, and of a metric that an application weighs itself; the sum of all stays a number. */
export const ObjectiveWeightSchema = Type.Number({
  exclusiveMinimum: 0,
  maximum: limits.objectiveWeightMax,
});

const ObjectiveSchema = Type.Object(
  {
    metric: Type.String({
      minLength: 1,
      description: "the name of a metric, or what it counts as",
    }),
    weight: ObjectiveWeightSchema,
    namespaced: Type.Optional(
      Type.Boolean({ description: "true: a Metric, false: a GlobalMetric; left out: either" }),
    ),
  },
  closed,
);

const seconds = (description: string) =>
  Type.Optional(Type.Number({ minimum: 0, maximum: 31_536_000, description }));

const SpecSchema = Type.Object(
  {
    objectives: Type.Array(ObjectiveSchema, {
      default: [],
      maxItems: limits.objectivesMax,
      description:
        "what makes a cluster good; none: the metrics of the clusters, with their weights",
    }),
    minimum_gain: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: "by how much the score of another cluster must be higher; left out: at all",
      }),
    ),
    dwell: seconds("on a cluster before it may move for metrics; left out: the scheduler's own"),
    cooldown: seconds(
      "until a cluster on which it did not become healthy is tried again, doubled each time; left out: 300",
    ),
    stickiness: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: limits.objectiveWeightMax,
        description: "weight of staying where it is; left out: the scheduler's own",
      }),
    ),
    quiet_hours: quietHoursField,
    budget: Type.Optional(
      Type.Object(
        {
          moves: Type.Integer({ minimum: 0, maximum: limits.movesKeptMax }),
          per: Type.Number({
            exclusiveMinimum: 0,
            maximum: 31_536_000,
            default: 3_600,
            description: "seconds",
          }),
        },
        { ...closed, description: "moves of one application; left out: the scheduler's own" },
      ),
    ),
  },
  { ...closed, default: {} },
);

type AnyPolicy = Resource<{ spec: typeof SpecSchema }, undefined>;
export type PolicySpec = AnyPolicy["spec"];
export type Objective = PolicySpec["objectives"][number];

const columns: readonly Column<AnyPolicy>[] = [
  {
    title: "objectives",
    cell: ({ spec }) => joined(spec.objectives.map(({ metric, weight }) => `${metric}: ${weight}`)),
  },
  { title: "minimum_gain", cell: ({ spec }) => numberText(spec.minimum_gain) },
  { title: "dwell", cell: ({ spec }) => secondsText(spec.dwell) },
  { title: "cooldown", wide: true, cell: ({ spec }) => secondsText(spec.cooldown) },
  { title: "stickiness", wide: true, cell: ({ spec }) => numberText(spec.stickiness) },
  {
    title: "quiet_hours",
    wide: true,
    cell: ({ spec }) =>
      joined(
        (spec.quiet_hours ?? []).map(
          ({ days, from, to, timezone }) => `${days.join(",")} ${from}-${to} ${timezone}`,
        ),
      ),
  },
  {
    title: "budget",
    wide: true,
    cell: ({ spec }) =>
      spec.budget === undefined ? "" : `${spec.budget.moves} in ${spec.budget.per}s`,
  },
];

function numberText(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

function secondsText(value: number | undefined): string {
  return value === undefined ? "" : `${value}s`;
}

function validate({ spec }: AnyPolicy): readonly FieldProblem[] {
  const seen = new Set<string>();
  const doubles = spec.objectives.flatMap(({ metric }, index) => {
    const isDouble = seen.has(metric);
    seen.add(metric);
    const message = `expected one objective for ${metric}`;
    return isDouble ? [{ field: `spec.objectives[${index}].metric`, message }] : [];
  });
  return [...doubles, ...checkQuietHours("spec.quiet_hours", spec.quiet_hours)];
}

/** What is allowed and says nothing, or that nothing ever moves for metrics. */
function warn({ spec }: AnyPolicy): readonly string[] {
  const isEmpty = Object.keys(spec).every((key) => key === "objectives");
  return [
    ...(spec.objectives.length === 0 && isEmpty ? ["spec: the policy says nothing"] : []),
    ...(spec.budget?.moves === 0
      ? ["spec.budget.moves: with 0 its applications never move for metrics"]
      : []),
    ...(spec.minimum_gain === 1
      ? ["spec.minimum_gain: scores lie between 0 and 1, so hardly anything ever gains 1"]
      : []),
    ...(spec.quiet_hours ?? []).flatMap(({ from, to, days }, index) =>
      from === to && days.length === 7
        ? [`spec.quiet_hours[${index}]: every hour of the week is quiet`]
        : [],
    ),
  ];
}

const shared = {
  api: "kubernetes",
  fields: { spec: SpecSchema },
  status: undefined,
  subresources: [],
  secrets: [],
  additions: [],
  finalizers: [],
  columns,
  validate,
  warn,
} as const;

export const PlacementPolicyKind = defineKind({
  ...shared,
  kind: "PlacementPolicy",
  plural: "placementpolicies",
  namespaced: true,
  aliases: ["policy"],
});

export const GlobalPlacementPolicyKind = defineKind({
  ...shared,
  kind: "GlobalPlacementPolicy",
  plural: "globalplacementpolicies",
  namespaced: false,
  aliases: ["globalpolicy"],
});

export type PlacementPolicy = ResourceOf<typeof PlacementPolicyKind>;
