import { Type, type Static } from "typebox";
import { dateTime, nullable, ReasonSchema } from "./metadata.ts";

/**
 * A decision: where an application belongs and why. The stored record, `explain`, dry runs and the demo all show
 * this one value.
 */

const closed = { additionalProperties: false } as const;

const PlaceSchema = Type.Object({ namespace: Type.String(), name: Type.String() }, closed);

export const VerdictSchema = Type.Object(
  {
    filter: Type.String(),
    fits: Type.Boolean(),
    reason: Type.String({ description: "a constant, for programs; empty when it fits" }),
    message: Type.String({ description: "for people; empty when it fits" }),
  },
  closed,
);

export const ScorePartSchema = Type.Object(
  {
    name: Type.String({ description: "a metric, `stickiness`, or `preferred: ` and a constraint" }),
    weight: Type.Number(),
    value: Type.Number({ description: "normalised: 0 is worst, 1 is best" }),
    raw: nullable(Type.Number()),
    time: nullable(dateTime),
    provider: nullable(Type.String()),
  },
  closed,
);

export const CandidateVerdictSchema = Type.Object(
  {
    cluster: PlaceSchema,
    fits: Type.Boolean(),
    verdicts: Type.Array(VerdictSchema),
    score: nullable(Type.Number()),
    parts: Type.Array(ScorePartSchema),
  },
  closed,
);

export const DecisionSchema = Type.Object(
  {
    sequence: Type.Integer(),
    time: dateTime,
    generation: Type.Integer(),
    outcome: Type.Union([
      Type.Literal("placed"),
      Type.Literal("moved"),
      Type.Literal("stayed"),
      Type.Literal("unplaceable"),
    ]),
    reason: ReasonSchema,
    chosen: nullable(PlaceSchema),
    previous: nullable(PlaceSchema),
    runner_up: nullable(PlaceSchema),
    margin: nullable(
      Type.Number({ description: "score of the chosen less that of the runner-up" }),
    ),
    held_until: nullable(dateTime),
    candidates: Type.Array(CandidateVerdictSchema, { description: "best first; bounded" }),
    candidates_total: Type.Integer(),
    candidates_fitting: Type.Integer(),
  },
  { ...closed, $id: "Decision" },
);

export type Decision = Static<typeof DecisionSchema>;
export type CandidateVerdict = Decision["candidates"][number];
export type Verdict = CandidateVerdict["verdicts"][number];
export type ScorePart = CandidateVerdict["parts"][number];
export type Place = Static<typeof PlaceSchema>;
