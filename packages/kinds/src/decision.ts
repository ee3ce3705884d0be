import { Type, type Static } from "typebox";
import { dateTime, nullable, ReasonSchema, ResourceRefSchema } from "./metadata.ts";

/**
 * A decision: where an application belongs and why. The stored record, `explain`, dry runs and the demo all show
 * this one value.
 */

const closed = { additionalProperties: false } as const;

export const PlaceSchema = Type.Object({ namespace: Type.String(), name: Type.String() }, closed);

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
    value: nullable(
      Type.Number({ description: "normalised: 0 is worst, 1 is best; null: there is none" }),
    ),
    raw: nullable(Type.Number()),
    time: nullable(dateTime),
    provider: nullable(Type.String()),
    problem: Type.Optional(Type.String({ description: "why there is no value that was measured" })),
  },
  closed,
);

/** What a placement would come to, from the metrics of the cluster that have a price or a carbon unit. */
export const EstimatesSchema = Type.Object(
  {
    cost_per_hour: nullable(Type.Number()),
    currency: nullable(Type.String()),
    carbon_grams_per_hour: nullable(Type.Number()),
  },
  { ...closed, description: "of what the manifest requests; null: not known" },
);
export type Estimates = Static<typeof EstimatesSchema>;

/** By what clusters were compared, when the application names a policy or weights. */
export const AppliedPolicySchema = Type.Object(
  {
    name: nullable(Type.String({ description: "the policy that the application names" })),
    namespaced: nullable(
      Type.Boolean({
        description: "true: of its namespace, false: a global one, null: there is none",
      }),
    ),
    weights: Type.Record(Type.String(), Type.Number(), {
      description: "what counted; empty: the metrics of the clusters, with their weights",
    }),
    problem: nullable(ReasonSchema),
  },
  closed,
);
export type AppliedPolicy = Static<typeof AppliedPolicySchema>;

export const CandidateVerdictSchema = Type.Object(
  {
    cluster: PlaceSchema,
    kind: Type.Optional(
      Type.Union([Type.Literal("Cloud"), Type.Literal("GlobalCloud"), Type.Literal("Project")], {
        description: "of what a cluster would be made on; absent: it is a cluster",
      }),
    ),
    fits: Type.Boolean(),
    verdicts: Type.Array(VerdictSchema),
    score: nullable(Type.Number()),
    parts: Type.Array(ScorePartSchema),
    estimates: Type.Optional(EstimatesSchema),
  },
  closed,
);

/** The cluster that is made for one application, and how far that has come with this decision. */
export const NewClusterStepSchema = Type.Object(
  {
    name: Type.String(),
    cloud: ResourceRefSchema,
    attempt: Type.Integer({ minimum: 1 }),
    phase: Type.Union([
      Type.Literal("started"),
      Type.Literal("waiting"),
      Type.Literal("ready"),
      Type.Literal("ended"),
    ]),
    reason: nullable(ReasonSchema),
  },
  closed,
);
export type NewClusterStep = Static<typeof NewClusterStepSchema>;

/** What the status of an application remembers of it, until it is placed there. */
export const NewClusterSchema = Type.Object(
  {
    name: Type.String(),
    cloud: ResourceRefSchema,
    attempt: Type.Integer({ minimum: 1 }),
    generation: Type.Integer(),
    started: dateTime,
    ended: nullable(dateTime),
    reason: nullable(ReasonSchema),
  },
  { ...closed, description: "the cluster that is made for it, or was tried to be" },
);
export type NewCluster = Static<typeof NewClusterSchema>;

/** What a decision was made on: enough to make it again (docs/adr/0018-fleet-journal.md). */
export const BasisSchema = Type.Object(
  {
    engine: Type.Integer({ description: "the version of what decides" }),
    writer: Type.String({ description: "whose journal of the fleet" }),
    entry: Type.Integer({ description: "the entry of that journal" }),
    inputs: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "everything but the fleet; not shown in lists",
      }),
    ),
  },
  closed,
);
export type Basis = Static<typeof BasisSchema>;

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
      Type.Literal("waits"),
    ]),
    reason: ReasonSchema,
    chosen: nullable(PlaceSchema),
    places: Type.Optional(
      Type.Array(
        Type.Object(
          { namespace: Type.String(), name: Type.String(), share: nullable(Type.Number()) },
          closed,
        ),
        {
          description: "of an application that asks for copies: all of them, the chosen one first",
        },
      ),
    ),
    missing: Type.Optional(Type.Integer({ description: "copies for which no cluster fits" })),
    replaced: Type.Optional(
      Type.Array(Type.Object({ from: Type.String(), to: Type.String() }, closed), {
        description: "the clusters whose copies moved, and where to",
      }),
    ),
    previous: nullable(PlaceSchema),
    runner_up: nullable(PlaceSchema),
    margin: nullable(
      Type.Number({ description: "score of the chosen less that of the runner-up" }),
    ),
    held_until: nullable(dateTime),
    policy: Type.Optional(AppliedPolicySchema),
    new_cluster: Type.Optional(NewClusterStepSchema),
    candidates: Type.Array(CandidateVerdictSchema, {
      description: "best first, clusters before clouds; bounded",
    }),
    candidates_total: Type.Integer(),
    candidates_fitting: Type.Integer(),
    basis: Type.Optional(BasisSchema),
  },
  { ...closed, $id: "Decision" },
);

export type Decision = Static<typeof DecisionSchema>;
export type CandidateVerdict = Decision["candidates"][number];
export type Verdict = CandidateVerdict["verdicts"][number];
export type ScorePart = CandidateVerdict["parts"][number];
export type Place = Static<typeof PlaceSchema>;
