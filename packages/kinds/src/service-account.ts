import { Type } from "typebox";
import { defineKind, type ResourceOf } from "./kind.ts";
import { dateTime, nullable } from "./metadata.ts";

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
        tokens_not_before: {
          ...nullable(dateTime),
          description: "tokens that were issued before this moment have ended",
        },
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
  validate: ({ metadata: { name, namespace } }) =>
    (["name", "namespace"] as const).flatMap((field) => {
      const text = field === "name" ? name : namespace;
      if (text === null || text === undefined || isAccountPart(text)) return [];
      const message = `expected at most ${accountPartMax} characters without ":" for a service account`;
      return [{ field: `metadata.${field}`, message }];
    }),
});

export type ServiceAccount = ResourceOf<typeof ServiceAccountKind>;

/** Two of them, with what stands before, fit into the name of a user (255). */
const accountPartMax = 115;

/** Whether a text can be the namespace or the name of a service account: a colon would make its user's name ambiguous. */
export function isAccountPart(text: string): boolean {
  return text !== "" && text.length <= accountPartMax && !text.includes(":");
}

const userPrefix = "system:serviceaccount:";
const everyAccount = "system:serviceaccounts";

/** The user that a service account is: `system:serviceaccount:NAMESPACE:NAME`, as in Kubernetes. */
export function accountUser(namespace: string, name: string): string {
  return `${userPrefix}${namespace}:${name}`;
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
