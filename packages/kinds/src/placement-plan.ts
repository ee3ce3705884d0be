import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";
import { PlaceSchema } from "./decision.ts";
import { dateTime, nullable, ReasonSchema } from "./metadata.ts";
import { ObjectiveWeightSchema } from "./placement-policy.ts";

/** What would happen to the applications of a namespace if …; nothing is written. */

const closed = { additionalProperties: false } as const;
const name = Type.String({ minLength: 1 });

export const WhatIfMetricSchema = Type.Object(
  {
    metric: name,
    cluster: Type.Optional(Type.String({ minLength: 1, description: "left out: every cluster" })),
    value: Type.Number({ description: "as the provider would give it" }),
  },
  closed,
);

const weights = Type.Record(Type.String(), ObjectiveWeightSchema, {
  maxProperties: limits.objectivesMax,
});

/** The body of a plan; what is left out is as it is. */
export const PlanRequestSchema = Type.Object(
  {
    clusters_lost: Type.Array(name, {
      default: [],
      maxItems: limits.planChangesMax,
      description: "clusters that would be offline",
    }),
    metrics: Type.Array(WhatIfMetricSchema, { default: [], maxItems: limits.planChangesMax }),
    policy: Type.Optional(
      Type.String({ minLength: 1, description: "that all of them would name" }),
    ),
    weights: Type.Optional(weights),
    applications: Type.Optional(
      Type.Array(name, { maxItems: limits.planRowsMax, description: "left out: all" }),
    ),
  },
  closed,
);
export type PlanRequest = Static<typeof PlanRequestSchema>;

const outcome = Type.Union(
  [
    Type.Literal("moves"),
    Type.Literal("placed"),
    Type.Literal("stays"),
    Type.Literal("held"),
    Type.Literal("unplaceable"),
    Type.Literal("waits"),
  ],
  { description: "waits: for a new cluster" },
);

export const PlanRowSchema = Type.Object(
  {
    application: Type.String(),
    outcome,
    from: nullable(PlaceSchema),
    to: nullable({ ...PlaceSchema, description: "of one that is held: where it would go" }),
    gain: nullable(Type.Number({ description: "score there less the score here" })),
    reason: ReasonSchema,
    held_until: nullable(dateTime),
    already: Type.Boolean({ description: "the same would happen without the change" }),
  },
  closed,
);
export type PlanRow = Static<typeof PlanRowSchema>;

const count = Type.Integer({ minimum: 0 });

export const PlanSchema = Type.Object(
  {
    api: Type.Literal("kubernetes"),
    kind: Type.Literal("Plan"),
    metadata: Type.Object({ namespace: Type.String() }, closed),
    fleet: nullable(Type.Object({ time: dateTime, clusters: count }, closed)),
    totals: Type.Object(
      {
        applications: count,
        moves: count,
        placed: count,
        stays: count,
        held: count,
        unplaceable: count,
        waits: count,
      },
      closed,
    ),
    items: Type.Array(PlanRowSchema, { description: "those that do not simply stay, by name" }),
    hidden: Type.Integer({ description: "how many more there are" }),
    warnings: Type.Array(Type.String(), { description: "what of the question means nothing here" }),
  },
  closed,
);
export type Plan = Static<typeof PlanSchema>;
