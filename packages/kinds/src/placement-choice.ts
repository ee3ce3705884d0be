import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { copiesField } from "./copies.ts";
import { checkName, dateTime } from "./metadata.ts";
import { overridesField } from "./override.ts";
import { ObjectiveWeightSchema } from "./placement-policy.ts";

/** What an application says of how it is placed, and what is remembered of its moves. */

const closed = { additionalProperties: false } as const;

export const PlacementChoiceSchema = Type.Object(
  {
    policy: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
        description: "a PlacementPolicy of its namespace, else a GlobalPlacementPolicy",
      }),
    ),
    weights: Type.Optional(
      Type.Record(Type.String(), ObjectiveWeightSchema, {
        maxProperties: limits.objectivesMax,
        description:
          "by metric; together with the policy's they take the place of the clusters' own",
      }),
    ),
    cluster: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
        description: "the one cluster that it may stand on; left out or null: any that fits",
      }),
    ),
    local_data: Type.Optional(
      Type.Union([Type.Literal("stay"), Type.Literal("abandon")], {
        description:
          "of an application with data on its nodes, once it runs: stay where the data is, or " +
          "abandon it for another cluster; left out: stay",
      }),
    ),
    copies: copiesField,
    overrides: overridesField,
  },
  { ...closed, description: "by what clusters are compared, when it moves, and on how many it is" },
);
export type PlacementChoice = Static<typeof PlacementChoiceSchema>;

export const placementField = Type.Optional(PlacementChoiceSchema);

/** One move from a cluster to another of the same namespace. */
export const MoveSchema = Type.Object(
  { time: dateTime, from: Type.String(), to: Type.String() },
  closed,
);
export type Move = Static<typeof MoveSchema>;

/** The newest last. */
export const movesField = Type.Optional(
  Type.Array(MoveSchema, { description: "the last moves, which budgets count" }),
);

/** A cluster on which the application did not become healthy, and how often one after the other. */
export const FailedMoveSchema = Type.Object(
  {
    cluster: Type.String(),
    time: dateTime,
    count: Type.Integer({ minimum: 1 }),
    generation: Type.Integer({ description: "a new specification forgets it" }),
  },
  closed,
);
export type FailedMove = Static<typeof FailedMoveSchema>;

export const failedMovesField = Type.Optional(
  Type.Array(FailedMoveSchema, { description: "clusters that are left alone for a while" }),
);

export function checkPlacement(
  field: string,
  placement: PlacementChoice | undefined,
): readonly FieldProblem[] {
  const policy = placement?.policy ?? null;
  const names = Object.keys(placement?.weights ?? {});
  const pin = placement?.cluster ?? null;
  return [
    ...(policy === null ? [] : checkName(`${field}.policy`, policy)),
    ...(pin === null ? [] : checkName(`${field}.cluster`, pin)),
    ...names.flatMap((name) => checkName(`${field}.weights.${name.slice(0, 80)}`, name)),
  ];
}
