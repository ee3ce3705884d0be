import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { checkName } from "./metadata.ts";

/** What may be done to bring an application's objects to a cluster (ADR 22). Left out is the careful choice. */

const closed = { additionalProperties: false } as const;

const NeedSchema = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    namespace: Type.Optional(Type.String({ description: "left out: the application's own" })),
  },
  closed,
);

export const DeliverySchema = Type.Object(
  {
    namespace: Type.Optional(
      Type.String({ description: "of the objects that name none; left out: the kubeconfig's" }),
    ),
    override_namespace: Type.Optional(
      Type.Boolean({ description: "`namespace` takes the place of the one that objects name" }),
    ),
    create_namespaces: Type.Optional(
      Type.Boolean({ description: "make namespaces that objects name and the cluster has not" }),
    ),
    adopt: Type.Optional(
      Type.Boolean({ description: "take over objects that belong to somebody else" }),
    ),
    replace: Type.Optional(
      Type.Union([Type.Literal("never"), Type.Literal("jobs"), Type.Literal("any")], {
        description:
          "what is deleted and made anew when a field changes that cannot be changed; left out: jobs",
      }),
    ),
    ignore_replicas: Type.Optional(
      Type.Boolean({ description: "leave the replicas of workloads to whoever sets them" }),
    ),
    delete_definitions: Type.Optional(
      Type.Boolean({
        description:
          "on deletion also remove the custom resource definitions, and with them every object of their kinds",
      }),
    ),
    depends_on: Type.Optional(
      Type.Array(NeedSchema, {
        maxItems: limits.needsMax,
        description: "applications that must run before this one is applied",
      }),
    ),
  },
  { ...closed, description: "what may be done to bring the objects to a cluster" },
);
export type Delivery = Static<typeof DeliverySchema>;

export const deliveryField = Type.Optional(DeliverySchema);

export function checkDelivery(
  field: string,
  delivery: Delivery | undefined,
): readonly FieldProblem[] {
  if (delivery === undefined) return [];
  const { namespace, override_namespace: overrides, depends_on: needs = [] } = delivery;
  const problems = namespace === undefined ? [] : [...checkName(`${field}.namespace`, namespace)];
  if (overrides === true && namespace === undefined) {
    problems.push({
      field: `${field}.namespace`,
      message: "expected, as override_namespace is set",
    });
  }
  for (const [index, need] of needs.entries()) {
    problems.push(...checkName(`${field}.depends_on[${index}].name`, need.name));
    if (need.namespace === undefined) continue;
    problems.push(...checkName(`${field}.depends_on[${index}].namespace`, need.namespace));
  }
  return problems;
}
