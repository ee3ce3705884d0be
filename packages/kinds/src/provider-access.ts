import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import type { FieldPath } from "./kind.ts";

/** How a metrics provider is asked: as whom, and whose certificate is believed. The same fields for every type. */

const closed = { additionalProperties: false } as const;

/**
 * Left out, or null: without. Of the types that Krake knows, a replacement that leaves one out keeps it: null is how it goes.
 */
export const accessFields = {
  basic_auth: Type.Optional(
    Type.Union([
      Type.Object({ username: Type.String(), password: Type.String() }, closed),
      Type.Null(),
    ]),
  ),
  bearer_token: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  ca: Type.Optional(
    Type.Union([Type.String(), Type.Null()], {
      description: "PEM certificates of those who may vouch for the server, instead of the usual",
    }),
  ),
} as const;

export interface Access {
  readonly basic_auth?: Static<typeof accessFields.basic_auth>;
  readonly bearer_token?: string | null;
  readonly ca?: string | null;
}

/** Where the credentials of a provider type stand. */
export function accessSecrets(type: string): readonly FieldPath[] {
  return [
    ["spec", type, "basic_auth", "password"],
    ["spec", type, "bearer_token"],
  ];
}

/** What Krake's clients do not know of, and leave out. */
export function accessAdditions(type: string): readonly FieldPath[] {
  return Object.keys(accessFields).map((field) => ["spec", type, field]);
}

/** Pure. */
export function accessProblems(field: string, access: Access): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { basic_auth: basic, bearer_token: token, ca } = access;
  if (basic && token) {
    const message = "expected basic_auth or bearer_token, not both: one header carries either";
    problems.push({ field, message });
  }
  if (basic?.username.includes(":")) {
    // RFC 7617, section 2: the first colon ends the name.
    problems.push({ field: `${field}.basic_auth.username`, message: "expected no colon" });
  }
  if (token !== undefined && token !== null && !headerValue.test(token)) {
    const message = "expected a text that a header can hold";
    problems.push({ field: `${field}.bearer_token`, message });
  }
  if (ca !== undefined && ca !== null && !/-----BEGIN CERTIFICATE-----/.test(ca)) {
    problems.push({ field: `${field}.ca`, message: "expected certificates in PEM form" });
  }
  return problems;
}

/** RFC 9110, sections 5.1 and 5.5: a token, and visible characters with spaces between. */
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const headerValue = /^[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;

/** What belongs to the connection or the form of the request is not for users to say. */
const ownHeaders = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Pure. */
export function headerProblems(
  field: string,
  headers: Readonly<Record<string, string>>,
): readonly FieldProblem[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const at = `${field}.${name}`;
    // Values are kept sealed by their place, whose parts are joined by dots.
    if (!headerName.test(name) || name.includes(".")) {
      return [{ field: at, message: "expected the name of a header" }];
    }
    if (ownHeaders.has(name.toLowerCase())) {
      return [{ field: at, message: "this header is not for a provider to set" }];
    }
    return headerValue.test(value)
      ? []
      : [{ field: at, message: "expected a text that a header can hold" }];
  });
}
