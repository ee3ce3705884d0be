import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { dryStore } from "@octoplane/resources/dry-store";
import { importKrake, type KrakeEntry } from "@octoplane/resources/krake/krake-import";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { userOf, type ApiContext } from "../api-context.ts";
import { demandEscalation } from "../auth/demand-escalation.ts";
import { isDryRun } from "../http/query.ts";
import { readJson } from "../http/read-json.ts";
import { dryRunQuery } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { ClusterLooks } from "../look-on-clusters.ts";

const closed = { additionalProperties: false } as const;

const ImportSchema = Type.Object(
  {
    objects: Type.Array(
      Type.Object(
        {
          key: Type.String({ description: "in Krake's etcd" }),
          value: Type.String({ description: "the JSON that stands there, as it stands there" }),
        },
        closed,
      ),
      { minItems: 1, maxItems: limits.importObjectsMax },
    ),
    clusters: Type.Array(
      Type.Object(
        {
          key: Type.String(),
          taken: Type.Boolean({ description: "false when it was refused" }),
        },
        closed,
      ),
      { default: [], description: "every cluster of that Krake" },
    ),
    replace: Type.Boolean({ default: false, description: "what is there gives way" }),
  },
  closed,
);

const texts = Type.Array(Type.String());

const ResultsSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      key: Type.String(),
      result: Type.Union([
        Type.Literal("created"),
        Type.Literal("replaced"),
        Type.Literal("exists"),
        Type.Literal("refused"),
      ]),
      problems: Type.Array(Type.Object({ field: Type.String(), message: Type.String() })),
      remarks: texts,
    }),
  ),
});

/** `POST /core/import`: objects of a Krake, as they stand in its etcd (contract section 10.5). */
export function importRoute(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    tags: ["core"],
    summary: "take over objects of a Krake",
    description:
      "Each object is judged for itself: what is refused keeps none of the others out. What runs on a cluster is looked for " +
      "there and taken over as it is. Clusters come before applications. Needs a role for `core/backups` (create), and for " +
      "`core/roles/escalate` (update) if roles or bindings are among them.",
    body: ImportSchema,
    querystring: dryRunQuery,
    response: { 200: ResultsSchema },
  };
  app.post("/core/import", { schema }, async (request, reply) => {
    const user = userOf(request);
    const wish = { api: "core", resource: "backups", verb: "create" } as const;
    context.authorizer.demand(user, wish, undefined);
    const body = readAs<Static<typeof ImportSchema>>(ImportSchema, request.body);
    demandEscalation(
      context,
      user,
      body.objects.map(({ key }) => key),
    );
    const { resources } = context;
    const dryRun = isDryRun(request);
    const store = dryRun ? dryStore(resources.parts.store) : resources.parts.store;
    await using looks = new ClusterLooks(resources.parts.clock, context.closing);
    const results = await importKrake(
      resources,
      { ...resources.parts, store },
      body.objects.map(readEntry),
      {
        replace: body.replace,
        dryRun,
        clusters: new Map(body.clusters.map(({ key, taken }) => [key, taken])),
        look: looks.look,
      },
    );
    return sendJson(reply, { results });
  });
}

function readEntry({ key, value }: { readonly key: string; readonly value: string }): KrakeEntry {
  try {
    return { key, value: readJson(value) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    // The parser's message quotes what it read, which may be a credential.
    const problem = error.code === "Unparsable" ? "expected JSON" : error.message;
    return { key, value: undefined, problem };
  }
}
