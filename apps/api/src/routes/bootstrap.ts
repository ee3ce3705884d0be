import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { batchKinds, readDrafts } from "@octoplane/resources/batch-draft";
import { commitBatch } from "@octoplane/resources/commit-batch";
import { dryStore } from "@octoplane/resources/dry-store";
import { defaultsGiveWay } from "../bootstrap-roles.ts";
import { userOf, type ApiContext } from "../api-context.ts";
import { demandGrants } from "../auth/demand-grant.ts";
import { isDryRun } from "../http/query.ts";
import { dryRunQuery } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";

const BootstrapSchema = Type.Object(
  {
    documents: Type.Array(Type.Unknown(), {
      minItems: 1,
      description: "each with api, kind and metadata, and with a namespace where its kind has one",
    }),
    force: Type.Boolean({
      default: false,
      description:
        "replace what is there; otherwise a name that is taken is an error, unless by a default that nobody has changed",
    }),
  },
  { additionalProperties: false },
);

const ResultsSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      result: Type.Union([
        Type.Literal("created"),
        Type.Literal("replaced"),
        Type.Literal("unchanged"),
      ]),
      api: Type.String(),
      kind: Type.String(),
      namespace: Type.Union([Type.String(), Type.Null()]),
      name: Type.String(),
    }),
  ),
});

/** `POST /bootstrap`: many objects at once, all or none (contract section 12, there a tool that writes to etcd by itself). */
export function bootstrapRoute(app: FastifyInstance, context: ApiContext): void {
  const giveWay = defaultsGiveWay();
  // Whoever needs it meets the error; until then it is nobody's.
  giveWay.catch(() => undefined);
  const accepted = batchKinds.map(({ kind }) => kind).join(", ");
  const schema = {
    tags: ["core"],
    summary: "store many objects at once",
    description:
      `Takes ${accepted}. All are stored in one commit, or none and every problem is told. A metric needs its provider, ` +
      "a binding its roles: stored, or among the documents. Needs a role for `core/bootstrap` (create), and for roles and " +
      "bindings every right that they give, or a role for `core/roles/escalate` (update).",
    body: BootstrapSchema,
    querystring: dryRunQuery,
    response: { 200: ResultsSchema },
  };
  app.post("/bootstrap", { schema }, async (request, reply) => {
    const user = userOf(request);
    const wish = { api: "core", resource: "bootstrap", verb: "create" } as const;
    context.authorizer.demand(user, wish, undefined);
    const body = readAs<Static<typeof BootstrapSchema>>(BootstrapSchema, request.body);
    const { drafts, problems } = readDrafts(body.documents);
    const { parts } = context.resources;
    const store = isDryRun(request) ? dryStore(parts.store) : parts.store;
    const results = await commitBatch({ ...parts, store }, drafts, {
      existing: body.force ? "replace" : await giveWay,
      problems,
      judge: (look) => demandGrants(context, user, drafts, look),
    });
    return sendJson(reply, {
      results: drafts.map(({ kind, ref }, at) => ({
        result: results[at],
        api: kind.api,
        kind: kind.kind,
        namespace: ref.namespace ?? null,
        name: ref.name,
      })),
    });
  });
}
