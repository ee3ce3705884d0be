import { Type } from "typebox";
import { defineKind, type ResourceOf } from "./kind.ts";

export const RoleBindingKind = defineKind({
  api: "core",
  kind: "RoleBinding",
  plural: "rolebindings",
  namespaced: false,
  aliases: [],
  fields: { users: Type.Array(Type.String()), roles: Type.Array(Type.String()) },
  status: undefined,
  subresources: [],
  secrets: [],
  additions: [],
  finalizers: [],
  columns: [
    { title: "users", cell: (binding) => binding.users.join(", ") },
    { title: "roles", cell: (binding) => binding.roles.join(", ") },
  ],
  validate: () => [],
});

export type RoleBinding = ResourceOf<typeof RoleBindingKind>;
