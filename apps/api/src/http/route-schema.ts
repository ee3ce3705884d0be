import type { RouteShorthandOptions } from "fastify";
import { Type } from "typebox";
import type { AnyKind } from "@octoplane/kinds/kind";
import { MetadataSchema } from "@octoplane/kinds/metadata";
import { inputSchema } from "@octoplane/kinds/read-input";

/**
 * What the OpenAPI document says of a route. Bodies are checked by the kinds themselves, with better messages than a web
 * framework gives; nothing here validates.
 */

const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.Optional(Type.String()),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  code: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
});

export function objectSchemaOf(kind: AnyKind): Type.TSchema {
  return Type.Object({
    api: Type.Literal(kind.api),
    kind: Type.Literal(kind.kind),
    metadata: MetadataSchema,
    ...kind.fields,
    ...(kind.status === undefined ? {} : { status: kind.status }),
  });
}

export function bodySchemaOf(kind: AnyKind): Type.TSchema {
  return inputSchema(kind);
}

export function listSchemaOf(kind: AnyKind): Type.TSchema {
  return Type.Object({
    api: Type.Literal(kind.api),
    kind: Type.Literal(`${kind.kind}List`),
    metadata: Type.Object({
      resource_version: Type.String(),
      continue: Type.Optional(Type.String()),
    }),
    items: Type.Array(objectSchemaOf(kind)),
  });
}

export interface RouteWords {
  readonly body?: Type.TSchema;
  readonly answer: Type.TSchema;
  readonly list?: boolean;
  readonly force?: boolean;
  readonly blocking?: boolean;
  /** The verb and the resource that a role must allow; told in the document. */
  readonly subresource?: string;
}

const listQuery = Type.Object({
  watch: Type.Optional(
    Type.String({ description: "present: a stream of changes, one JSON object a line" }),
  ),
  heartbeat: Type.Optional(
    Type.Integer({ description: "seconds between blank lines of a watch; 0: none" }),
  ),
  resource_version: Type.Optional(Type.String({ description: "a watch begins after this" })),
  bookmarks: Type.Optional(
    Type.String({ description: "present: a watch tells how far it has come" }),
  ),
  limit: Type.Optional(Type.Integer({ description: "objects in a page" })),
  continue: Type.Optional(Type.String({ description: "the next page" })),
});

const force = Type.Optional(
  Type.String({ description: "True: remove the record at once, whatever still runs" }),
);

const blocking = Type.Optional(
  Type.String({
    description: "a state, such as running or deleted: the answer waits for it, a minute at most",
  }),
);

function queryOf(words: RouteWords): Type.TSchema | undefined {
  if (words.list) return listQuery;
  const query = {
    ...(words.force ? { force } : {}),
    ...(words.blocking ? { blocking } : {}),
  };
  return Object.keys(query).length === 0 ? undefined : Type.Object(query);
}

/** Builds the options of the routes of one kind. */
export function operation(
  kind: AnyKind,
): (what: string, words: RouteWords) => RouteShorthandOptions {
  return (what, words) => {
    const resource =
      words.subresource === undefined ? kind.plural : `${kind.plural}/${words.subresource}`;
    const query = queryOf(words);
    return {
      schema: {
        tags: [kind.api],
        summary: `${what} ${kind.kind}${what.startsWith("list") ? "s" : ""}`,
        description: `Needs a role for \`${kind.api}/${resource}\`.`,
        ...(words.body === undefined ? {} : { body: words.body }),
        ...(query === undefined ? {} : { querystring: query }),
        response: { 200: words.answer, default: ProblemSchema },
      },
    };
  };
}
