import { Type, type Static } from "typebox";
import { dateTime, nullable, ReasonSchema } from "./metadata.ts";

/**
 * What is known of a metric now: the record that the scheduler writes beside a metric, and what the API tells of it.
 */

const closed = { additionalProperties: false } as const;

const SampleSchema = Type.Object({ time: dateTime, value: Type.Number() }, closed);
export type MetricSample = Static<typeof SampleSchema>;

const recordFields = {
  value: nullable(Type.Number({ description: "as the provider gave it" })),
  time: nullable(dateTime),
  score: nullable(Type.Number({ description: "what placement counts: 0 is worst, 1 is best" })),
  problem: nullable(ReasonSchema),
  source: Type.Object(
    {
      provider: Type.String(),
      type: nullable(Type.String()),
      metric: Type.String({ description: "its name at the provider" }),
    },
    closed,
  ),
  health: Type.Object(
    {
      state: Type.Union([
        Type.Literal("healthy"),
        Type.Literal("failing"),
        Type.Literal("unknown"),
      ]),
      message: Type.String({ description: "what the newest fetch met, if it was no value" }),
    },
    closed,
  ),
  history: Type.Array(SampleSchema, { description: "the last different values, newest first" }),
} as const;

export const MetricRecordSchema = Type.Object(recordFields, closed);
export type MetricRecord = Static<typeof MetricRecordSchema>;

const ClusterValueSchema = Type.Object(
  {
    namespace: Type.String(),
    name: Type.String(),
    value: nullable(Type.Number()),
    message: Type.String({ description: "why there is none" }),
  },
  closed,
);

export const MetricValueSchema = Type.Object(
  {
    api: Type.Literal("core"),
    kind: Type.Literal("MetricValue"),
    metadata: Type.Object({ name: Type.String(), namespace: nullable(Type.String()) }, closed),
    ...recordFields,
    age: nullable(Type.Number({ description: "seconds since `time`" })),
    clusters: Type.Optional(
      Type.Array(ClusterValueSchema, {
        description:
          "for a metric that has a value of its own for each cluster: those that one may see",
      }),
    ),
  },
  closed,
);
export type MetricValue = Static<typeof MetricValueSchema>;
