import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";
import { dateTime } from "./metadata.ts";

/** What the verbs of day two record of one workload; part of what should stand on the clusters (ADR 22). */

const closed = { additionalProperties: false } as const;

export const AdjustmentSchema = Type.Object(
  {
    kind: Type.String({ minLength: 1, description: "of the workload" }),
    name: Type.String({ minLength: 1, description: "of the workload" }),
    namespace: Type.Optional(
      Type.String({ description: "of the workload, as its manifest names it; left out: any" }),
    ),
    replicas: Type.Optional(
      Type.Integer({ minimum: 0, maximum: limits.replicasMax, description: "instead of its own" }),
    ),
    images: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1 }), {
        maxProperties: limits.adjustedImagesMax,
        description: "by container",
      }),
    ),
    suspended: Type.Optional(Type.Boolean({ description: "of a Job or CronJob" })),
    restarted_at: Type.Optional(dateTime),
    rerun: Type.Optional(
      Type.Integer({ minimum: 0, description: "grows each time that a Job is to run once more" }),
    ),
  },
  closed,
);
export type Adjustment = Static<typeof AdjustmentSchema>;

export const adjustmentsField = Type.Optional(
  Type.Array(AdjustmentSchema, {
    maxItems: limits.adjustmentsMax,
    description: "what verbs such as scale, restart and set-image recorded, one entry a workload",
  }),
);

export const stoppedField = Type.Optional(
  Type.Union([Type.Literal("scaled"), Type.Literal("removed")], {
    description:
      "nothing should run: workloads are scaled to nothing, or all objects are removed; the record stays",
  }),
);

/** `Deployment/web: 5 replicas, app=registry.example.org/app:2`. Pure. */
export function adjustmentText(adjustment: Adjustment): string {
  const { kind, name, namespace, replicas, images = {}, suspended } = adjustment;
  const said = [
    ...(replicas === undefined ? [] : [`${replicas} replicas`]),
    ...Object.entries(images).map(([container, image]) => `${container}=${image}`),
    ...(suspended === undefined ? [] : [suspended ? "suspended" : "not suspended"]),
    ...(adjustment.restarted_at === undefined ? [] : [`restarted ${adjustment.restarted_at}`]),
    ...(adjustment.rerun === undefined ? [] : [`rerun ${adjustment.rerun}`]),
  ];
  const where = namespace === undefined ? "" : ` in ${namespace}`;
  return `${kind}/${name}${where}: ${said.join(", ")}`;
}
