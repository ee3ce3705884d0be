import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { defineKind, type ResourceOf } from "./kind.ts";
import { checkMoment, dateTime, nullable } from "./metadata.ts";

/** Kind TokenRevocation: one token, or all the tokens of a user from before a moment, that are no longer taken. */

/** The name of a token: the `jti` of ours, or the hash of one from elsewhere. */
export const tokenIdSchema = Type.String({
  pattern: "^[A-Za-z0-9_](?:[A-Za-z0-9_.:-]{0,198}[A-Za-z0-9_])?$",
  description: "the id that came with the token; of one from elsewhere sha256: and its hash",
});

export const revokedUserSchema = Type.String({ minLength: 1, maxLength: 255 });
export const revocationReasonSchema = Type.String({ default: "", maxLength: 1_024 });

export const TokenRevocationKind = defineKind({
  api: "core",
  kind: "TokenRevocation",
  plural: "tokenrevocations",
  namespaced: false,
  aliases: [],
  fields: {
    spec: Type.Object(
      {
        token_id: nullable(tokenIdSchema),
        user: nullable(revokedUserSchema),
        /** With a user: tokens issued before this; null: before this object was made. */
        before: nullable(dateTime),
        /** When the revocation may be removed; null: never. */
        expires: nullable(dateTime),
        reason: revocationReasonSchema,
      },
      { additionalProperties: false },
    ),
  },
  status: undefined,
  subresources: [],
  secrets: [],
  immutable: [
    ["spec", "token_id"],
    ["spec", "user"],
  ],
  additions: [],
  finalizers: [],
  columns: [
    { title: "token", cell: ({ spec }) => spec.token_id ?? "" },
    { title: "user", cell: ({ spec }) => spec.user ?? "" },
    {
      title: "before",
      cell: ({ spec, metadata }) => (spec.user === null ? "" : (spec.before ?? metadata.created)),
    },
    { title: "expires", cell: ({ spec }) => spec.expires ?? "" },
    { title: "reason", wide: true, cell: ({ spec }) => spec.reason },
  ],
  validate: ({ spec }) => {
    const problems: FieldProblem[] = [
      ...checkMoment("spec.before", spec.before),
      ...checkMoment("spec.expires", spec.expires),
    ];
    if ((spec.token_id === null) === (spec.user === null)) {
      problems.push({ field: "spec", message: "expected exactly one of token_id and user" });
    }
    if (spec.token_id !== null && spec.before !== null) {
      problems.push({ field: "spec.before", message: "expected with user only" });
    }
    return problems;
  },
});

export type TokenRevocation = ResourceOf<typeof TokenRevocationKind>;
