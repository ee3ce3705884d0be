import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";
import { dateTime, nullable } from "./metadata.ts";
import { PlanRequestSchema } from "./placement-plan.ts";

/** How applications would have fared with another policy, by what was written down of the fleet; nothing is written. */

const closed = { additionalProperties: false } as const;
const { policy, weights, applications } = PlanRequestSchema.properties;

export const BacktestRequestSchema = Type.Object(
  {
    policy,
    weights,
    applications,
    since: Type.Number({
      exclusiveMinimum: 0,
      maximum: limits.fleetJournalKeptMs / 1_000,
      default: 86_400,
      description: "seconds before now at which it begins; as far back as there are records",
    }),
  },
  closed,
);
export type BacktestRequest = Static<typeof BacktestRequestSchema>;

const seconds = (description: string) => Type.Number({ minimum: 0, description });

export const BacktestResultSchema = Type.Object(
  {
    name: Type.Union([Type.Literal("tried"), Type.Literal("default"), Type.Literal("recorded")], {
      description: "the policy of the question; none; what really happened",
    }),
    moves: Type.Integer({ minimum: 0 }),
    mean_score: nullable(
      Type.Number({ description: "over time, by the policy of the question, without stickiness" }),
    ),
    mean_regret: nullable(
      Type.Number({ description: "how much better the best cluster of each moment was" }),
    ),
    misplaced: seconds("on clusters that did not fit, all applications together"),
    unplaced: seconds("on no cluster"),
    unknown: seconds("of which no decision is kept any more"),
    cost: nullable(Type.Number({ description: "null: not known for every moment" })),
  },
  closed,
);
export type BacktestResult = Static<typeof BacktestResultSchema>;

export const BacktestSchema = Type.Object(
  {
    api: Type.Literal("kubernetes"),
    kind: Type.Literal("Backtest"),
    metadata: Type.Object({ namespace: Type.String() }, closed),
    records: nullable(
      Type.Object(
        { from: dateTime, to: dateTime, entries: Type.Integer() },
        { ...closed, description: "all that there are of the fleet of this namespace" },
      ),
    ),
    from: nullable(dateTime),
    to: nullable(dateTime),
    steps: Type.Integer({ description: "states of the fleet that were looked at" }),
    applications: Type.Object({ counted: Type.Integer(), of: Type.Integer() }, closed),
    results: Type.Array(BacktestResultSchema),
    warnings: Type.Array(Type.String()),
  },
  closed,
);
export type Backtest = Static<typeof BacktestSchema>;
