import { Type, type Static } from "typebox";
import { defineKind, type ResourceOf } from "./kind.ts";

export const verbSchema = Type.Union([
  Type.Literal("create"),
  Type.Literal("list"),
  Type.Literal("list_all"),
  Type.Literal("get"),
  Type.Literal("update"),
  Type.Literal("delete"),
]);
export type Verb = Static<typeof verbSchema>;

/** Rights of `kubernetes` that belong to no kind, and are had by namespace: questions that cost something. */
export const questionRights: readonly string[] = ["plans", "backtests"];

const RuleSchema = Type.Object(
  {
    api: Type.String({ description: "empty: any" }),
    resources: Type.Array(
      Type.String({
        description:
          "a plural, or plural/sub-resource; empty: any. Who may update `roles/escalate` of `core` may grant, by " +
          "roles, bindings and tokens, what they do not hold themselves; all others may not.",
      }),
    ),
    namespaces: Type.Array(Type.String({ description: "empty: any" })),
    verbs: Type.Array(verbSchema),
  },
  { additionalProperties: false },
);

export const RoleKind = defineKind({
  api: "core",
  kind: "Role",
  plural: "roles",
  namespaced: false,
  aliases: [],
  fields: { rules: Type.Array(RuleSchema) },
  status: undefined,
  subresources: [],
  secrets: [],
  additions: [],
  finalizers: [],
  columns: [
    { title: "rules", cell: (role) => String(role.rules.length) },
    {
      title: "allows",
      wide: true,
      cell: (role) =>
        role.rules
          .map(
            ({ api, resources, verbs }) =>
              `${api || "*"}: ${resources.map((name) => name || "*").join(" ")} (${verbs.join(" ")})`,
          )
          .join("\n"),
    },
  ],
  validate: () => [],
});

export type Role = ResourceOf<typeof RoleKind>;
export type Rule = Role["rules"][number];
