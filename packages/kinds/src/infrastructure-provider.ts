import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { printable } from "./cells.ts";
import { defineKind, type Column, type Resource, type ResourceOf } from "./kind.ts";
import { nullable } from "./metadata.ts";
import { urlProblem } from "./service-url.ts";

/** Kinds InfrastructureProvider and GlobalInfrastructureProvider: who makes virtual machines on clouds. */

const closed = { additionalProperties: false } as const;

const SpecSchema = Type.Object(
  {
    type: Type.Literal("im"),
    im: Type.Object(
      {
        url: Type.String({ description: "of the Infrastructure Manager: http:// or https://" }),
        username: nullable(Type.String()),
        password: nullable(Type.String()),
        token: nullable(Type.String()),
      },
      closed,
    ),
  },
  closed,
);

type AnyProvider = Resource<{ spec: typeof SpecSchema }, undefined>;

const columns: readonly Column<AnyProvider>[] = [
  { title: "type", cell: ({ spec }) => spec.type },
  { title: "url", cell: ({ spec }) => printable(spec.im.url) },
];

function validate({ spec }: AnyProvider): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { url, username, password, token } = spec.im;
  const message = urlProblem(url);
  if (message !== undefined) problems.push({ field: "spec.im.url", message });
  if (isAbsent(token) && (isAbsent(username) || isAbsent(password))) {
    const expected = "expected a token, or both a username and a password";
    problems.push({ field: "spec.im", message: expected });
  }
  return problems;
}

function isAbsent(text: string | null): boolean {
  return text === null || text === "";
}

const shared = {
  api: "infrastructure",
  fields: { spec: SpecSchema },
  status: undefined,
  subresources: [],
  secrets: [
    ["spec", "im", "password"],
    ["spec", "im", "token"],
  ],
  secretsGoTo: [["spec", "im", "url"]],
  additions: [],
  finalizers: [],
  columns,
  validate,
} as const;

export const InfrastructureProviderKind = defineKind({
  ...shared,
  kind: "InfrastructureProvider",
  plural: "infrastructureproviders",
  namespaced: true,
  aliases: ["provider", "ip"],
});

export const GlobalInfrastructureProviderKind = defineKind({
  ...shared,
  kind: "GlobalInfrastructureProvider",
  plural: "globalinfrastructureproviders",
  namespaced: false,
  aliases: ["gprovider", "gip"],
});

export type InfrastructureProvider = ResourceOf<typeof InfrastructureProviderKind>;
