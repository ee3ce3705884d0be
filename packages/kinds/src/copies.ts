import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { checkLabelConstraint } from "./constraints.ts";
import { isLabelKey, nullable, ResourceRefSchema } from "./metadata.ts";

/** Several copies of one application: how many are asked for, and where they were put. */

const closed = { additionalProperties: false } as const;

const ShareWeightSchema = Type.Object(
  {
    clusters: Type.String({
      maxLength: limits.preferenceCharsMax,
      description: "a label constraint",
    }),
    weight: Type.Integer({ minimum: 0, maximum: 1_000 }),
  },
  { ...closed, description: "the first whose constraint holds counts; none: 1" },
);

export const CopiesSchema = Type.Object(
  {
    count: Type.Union(
      [Type.Integer({ minimum: 1, maximum: limits.copiesMax }), Type.Literal("all")],
      { description: `on how many clusters; all: on each that fits, ${limits.copiesMax} at most` },
    ),
    replicas: Type.Union([Type.Literal("duplicated"), Type.Literal("divided")], {
      default: "duplicated",
      description: "whether each copy has all the replicas, or its share of them",
    }),
    divide_by: Type.Union(
      [
        Type.Literal("even"),
        Type.Literal("weights"),
        Type.Literal("capacity"),
        Type.Literal("score"),
      ],
      { default: "even", description: "what the shares follow, of divided replicas" },
    ),
    weights: Type.Array(ShareWeightSchema, {
      default: [],
      maxItems: limits.overridesMax,
      description: "of divide_by: weights",
    }),
    spread: Type.Optional(
      Type.Object(
        {
          by: Type.String({ description: "a label of clusters; those without it are one value" }),
          max_skew: Type.Integer({ minimum: 1, maximum: limits.copiesMax, default: 1 }),
        },
        {
          ...closed,
          description:
            "how many copies more than in the emptiest may be where the label has one value",
        },
      ),
    ),
  },
  closed,
);
export type Copies = Static<typeof CopiesSchema>;

export const copiesField = Type.Optional(CopiesSchema);

/** Where the copies belong, the first of them `scheduled_to`; absent with one place. */
export const CopyPlaceSchema = Type.Object(
  {
    cluster: ResourceRefSchema,
    share: nullable(
      Type.Number({
        minimum: 0,
        description: "of the replicas, relative to the others; null: all",
      }),
    ),
  },
  closed,
);
export type CopyPlace = Static<typeof CopyPlaceSchema>;

export const placesField = Type.Optional(
  Type.Array(CopyPlaceSchema, { maxItems: limits.copiesMax }),
);

export function checkCopies(field: string, copies: Copies | undefined): readonly FieldProblem[] {
  if (copies === undefined) return [];
  const problems = copies.weights.flatMap(({ clusters }, index) =>
    checkLabelConstraint(`${field}.weights[${index}].clusters`, clusters),
  );
  const { divide_by: by, replicas, weights } = copies;
  if (copies.spread && !isLabelKey(copies.spread.by)) {
    problems.push({ field: `${field}.spread.by`, message: "expected the key of a label" });
  }
  if (replicas === "duplicated" && by !== "even") {
    const message = 'expected replicas "divided" beside it: duplicated copies have no shares';
    problems.push({ field: `${field}.divide_by`, message });
  }
  if ((by === "weights") !== weights.length > 0) {
    const message =
      by === "weights" ? "expected at least one weight" : 'expected divide_by "weights" beside it';
    problems.push({ field: `${field}.weights`, message });
  }
  return problems;
}
