import type { RouteShorthandOptions } from "fastify";
import { Type } from "typebox";
import type { AnyKind } from "@octoplane/kinds/kind";
import { MetadataSchema } from "@octoplane/kinds/metadata";
import { inputSchema } from "@octoplane/kinds/read-input";
import { limits } from "@octoplane/shared/limits";

/**
 * What the OpenAPI document says of a route. Bodies are checked by the kinds themselves, with better messages than a web
 * framework gives; nothing here validates.
 */

const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.Optional(Type.String()),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  code: Type.String({ description: "stable, for programs" }),
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
});

/** Whatever goes wrong is told in one form (RFC 7807), by every route. */
export const problemAnswer = {
  description: "a problem",
  content: { "application/problem+json": { schema: ProblemSchema } },
} as const;

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
  readonly dryRun?: boolean;
  /** The `uid` of a deletion. */
  readonly uid?: boolean;
  /** Whether a summary is to be had. */
  readonly view?: boolean;
  /** The type of the body, when it is not JSON as such. */
  readonly consumes?: string;
  /** The verb and the resource that a role must allow; told in the document. */
  readonly subresource?: string;
}

/**
 * Watches are told in words: they answer with a stream that does not end, which no schema of an answer fits, and of which
 * programs that are made from the document would wait for the end.
 */
const watchWords =
  "`?watch` (any value) makes it a stream of changes, one JSON object a line, or Server-Sent Events when `Accept` is " +
  "`text/event-stream`; `resource_version` is where it begins (that of a list, or of the last object seen), `heartbeat` " +
  "the seconds between blank lines (0: none), and with `bookmarks` it tells how far it has come.";

const listQuery = Type.Object({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: limits.listPageMax, description: "objects in a page" }),
  ),
  continue: Type.Optional(Type.String({ description: "the next page" })),
  labelSelector: Type.Optional(
    Type.String({
      description:
        "only objects with these labels, as Kubernetes writes it: a=b, a!=b, a in (b, c), a notin (b), a, !a; a comma " +
        "stands for and. Pages are cut first: one may hold fewer objects. A watch tells what enters as ADDED, what " +
        "leaves as DELETED.",
    }),
  ),
  fieldSelector: Type.Optional(
    Type.String({
      description:
        "only objects with these fields, with = or !=: metadata.name, metadata.namespace, status.state, as far as the " +
        "kind has them, and the fields that it declares itself",
    }),
  ),
});

const force = Type.Optional(
  Type.Union([Type.Literal("True"), Type.Literal("False")], {
    description: "True: remove the record at once, whatever still runs",
  }),
);

const blocking = Type.Optional(
  Type.String({
    description: "a state, such as running or deleted: the answer waits for it, a minute at most",
  }),
);

const dryRun = Type.Optional(
  Type.Literal("All", {
    description: "everything is checked, the answer is what would be stored, nothing is written",
  }),
);

/** The query of a route of its own that can be tried. */
export const dryRunQuery = Type.Object({ dryRun });

const uid = Type.Optional(
  Type.String({ description: "409 unless the object that is there has this uid" }),
);

const view = Type.Optional(
  Type.Union([Type.Literal("full"), Type.Literal("summary")], {
    description:
      "summary: what is large is emptied (a list is [], an object {}, a text empty) and keeps its shape: of an " +
      "application the manifest, TOSCA, the observer schemas and the last manifests",
  }),
);

function queryOf(words: RouteWords): Type.TSchema | undefined {
  const query = {
    ...(words.list ? listQuery.properties : {}),
    ...(words.dryRun ? { dryRun } : {}),
    ...(words.uid ? { uid } : {}),
    ...(words.view ? { view } : {}),
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
        description: [
          `Needs a role for \`${kind.api}/${resource}\`.`,
          ...(words.list ? [watchWords] : []),
        ].join(" "),
        ...(words.body === undefined ? {} : { body: words.body }),
        ...(words.consumes === undefined ? {} : { consumes: [words.consumes] }),
        ...(query === undefined ? {} : { querystring: query }),
        response: { 200: words.answer },
      },
    };
  };
}
