import { Type } from "typebox";
import { defineKind, type ResourceOf } from "./kind.ts";
import { checkMoment, dateTime, nullable } from "./metadata.ts";

/** Kind ServiceAccount: who a program is, that nobody logs in for. Its tokens end with it. */

export const ServiceAccountKind = defineKind({
  api: "core",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  namespaced: true,
  aliases: ["sa"],
  fields: {
    spec: Type.Object(
      {
        description: Type.String({ default: "", maxLength: 1_024 }),
        /** Tokens that were issued before this moment have ended. */
        tokens_not_before: nullable(dateTime),
      },
      { additionalProperties: false, default: {} },
    ),
  },
  status: undefined,
  subresources: ["token"],
  secrets: [],
  additions: [],
  finalizers: [],
  columns: [
    {
      title: "user",
      cell: ({ metadata }) => accountUser(metadata.namespace ?? "", metadata.name),
    },
    { title: "description", cell: ({ spec }) => spec.description },
    { title: "tokens not before", wide: true, cell: ({ spec }) => spec.tokens_not_before ?? "" },
  ],
  validate: ({ metadata: { name }, spec }) => [
    ...checkMoment("spec.tokens_not_before", spec.tokens_not_before),
    // A namespace may hold colons, as that of system:admin does: the name is what stands behind the last one.
    ...(name.includes(":")
      ? [{ field: "metadata.name", message: 'expected no ":" in the name of a service account' }]
      : []),
  ],
});

export type ServiceAccount = ResourceOf<typeof ServiceAccountKind>;

const userPrefix = "system:serviceaccount:";
const everyAccount = "system:serviceaccounts";

/** The user that a service account is: `system:serviceaccount:NAMESPACE:NAME`, as in Kubernetes. */
export function accountUser(namespace: string, name: string): string {
  return `${userPrefix}${namespace}:${name}`;
}

/** The way back; `undefined` for any other user. */
export function accountOf(
  user: string,
): { readonly namespace: string; readonly name: string } | undefined {
  const colon = user.lastIndexOf(":");
  if (!user.startsWith(userPrefix) || colon < userPrefix.length) return undefined;
  return { namespace: user.slice(userPrefix.length, colon), name: user.slice(colon + 1) };
}

/** The groups that a service account is in: all of them, and those of its namespace. */
export function accountGroups(namespace: string): readonly string[] {
  return [everyAccount, `${everyAccount}:${namespace}`];
}

/** Whether a user or a group is a name of service accounts, which only their own tokens may bear. */
export function isAccountName(text: string): boolean {
  const small = text.toLowerCase();
  return (
    small.startsWith(userPrefix) ||
    small === everyAccount ||
    small.startsWith(`${everyAccount}:`) ||
    small === userPrefix.slice(0, -1)
  );
}
