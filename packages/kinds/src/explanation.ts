import { Type, type Static } from "typebox";
import { DecisionSchema, PlaceSchema } from "./decision.ts";
import { dateTime, nullable, ReasonSchema } from "./metadata.ts";

/**
 * Why an application is where it is, and what would have to change for it to be elsewhere, or to be placed at all: made anew
 * for each who asks, from the fleet as the scheduler wrote it down last.
 */

const closed = { additionalProperties: false } as const;

const NeedSchema = Type.Object(
  {
    filter: Type.String(),
    message: Type.String(),
    metric: nullable(Type.String()),
    value: nullable(Type.Number({ description: "of the metric now" })),
    needed: nullable(Type.String({ description: "what it would have to be, such as `<= 0.5`" })),
  },
  closed,
);

export const ObstacleSchema = Type.Object(
  {
    cluster: PlaceSchema,
    alone: nullable(Type.String({ description: "the one filter that stands in the way" })),
    needs: Type.Array(NeedSchema),
  },
  closed,
);
export type Obstacle = Static<typeof ObstacleSchema>;
export type Need = Obstacle["needs"][number];

export const ShiftSchema = Type.Object(
  {
    to: PlaceSchema,
    cluster: { ...PlaceSchema, description: "whose metric has to change" },
    metric: Type.String(),
    value: Type.Number({ description: "normalised, now: 0 is worst, 1 is best" }),
    needed: Type.Number({ description: "normalised, at which it moves" }),
    raw: Type.Number({ description: "as the provider gave it" }),
    raw_needed: nullable(Type.Number({ description: "null: the metric's range is not known" })),
  },
  {
    ...closed,
    description: "one metric that would be enough for a move, if nothing else holds it",
  },
);
export type Shift = Static<typeof ShiftSchema>;

export const ExplanationSchema = Type.Object(
  {
    api: Type.Literal("kubernetes"),
    kind: Type.Literal("Explanation"),
    metadata: Type.Object({ name: Type.String(), namespace: Type.String() }, closed),
    fleet: nullable(
      Type.Object(
        {
          time: { ...dateTime, description: "when it last changed" },
          writer: Type.String(),
          entry: Type.Integer(),
        },
        closed,
      ),
    ),
    decision: nullable(DecisionSchema),
    recorded: nullable(DecisionSchema),
    obstacles: Type.Array(ObstacleSchema, { description: "nearest first: fewest in the way" }),
    shifts: Type.Array(ShiftSchema),
    hints: Type.Array(ReasonSchema, {
      description: "what else holds it, and what would come then",
    }),
  },
  closed,
);
export type Explanation = Static<typeof ExplanationSchema>;

export const ReplaySchema = Type.Object(
  {
    api: Type.Literal("kubernetes"),
    kind: Type.Literal("Replay"),
    metadata: Type.Object({ name: Type.String(), namespace: Type.String() }, closed),
    sequence: Type.Integer(),
    identical: Type.Boolean({ description: "to the bit" }),
    engine: Type.Object(
      {
        recorded: Type.Integer(),
        present: Type.Integer({ description: "another one may decide otherwise" }),
      },
      closed,
    ),
    decision: DecisionSchema,
    differences: Type.Array(
      Type.Object(
        { field: Type.String(), recorded: Type.String(), replayed: Type.String() },
        closed,
      ),
    ),
  },
  closed,
);
export type Replay = Static<typeof ReplaySchema>;
