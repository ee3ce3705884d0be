import { Type } from "typebox";
import { defineKind, type ResourceOf } from "./kind.ts";

export const RoleBindingKind = defineKind({
  api: "core",
  kind: "RoleBinding",
  plural: "rolebindings",
  namespaced: false,
  aliases: [],
  fields: {
    users: Type.Array(Type.String()),
    groups: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: "of certificates (O) and of OpenID Connect",
      }),
    ),
    roles: Type.Array(Type.String()),
  },
  status: undefined,
  subresources: [],
  secrets: [],
  additions: [["groups"]],
  finalizers: [],
  columns: [
    { title: "users", cell: (binding) => binding.users.join(", ") },
    { title: "groups", wide: true, cell: (binding) => (binding.groups ?? []).join(", ") },
    { title: "roles", cell: (binding) => binding.roles.join(", ") },
  ],
  validate: () => [],
});

export type RoleBinding = ResourceOf<typeof RoleBindingKind>;
