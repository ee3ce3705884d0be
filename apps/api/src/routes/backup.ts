import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { backupLines } from "@octoplane/resources/backup/backup-lines";
import { dryStore } from "@octoplane/resources/dry-store";
import { restoreRecords } from "@octoplane/resources/restore/restore";
import { limits } from "@octoplane/shared/limits";
import { userOf, type ApiContext } from "../api-context.ts";
import { demandEscalation } from "../auth/demand-escalation.ts";
import { isDryRun } from "../http/query.ts";
import { dryRunQuery } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";

const RestoreSchema = Type.Object(
  {
    records: Type.Array(
      Type.Object(
        { key: Type.String(), record: Type.Record(Type.String(), Type.Unknown()) },
        { additionalProperties: false },
      ),
      {
        minItems: 1,
        maxItems: limits.restoreRecordsMax,
        description: "lines of a backup: every object with all that stands below it there",
      },
    ),
    replace: Type.Boolean({
      default: false,
      description: "what is there gives way; otherwise a name that is taken is an error",
    }),
    hold_deletions: Type.Boolean({
      default: false,
      description:
        "leave out the marks for deletion; they are set when the same is sent without this",
    }),
  },
  { additionalProperties: false },
);

const ResultsSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      key: Type.String({ description: "of the object's record" }),
      result: Type.Union([
        Type.Literal("created"),
        Type.Literal("replaced"),
        Type.Literal("unchanged"),
      ]),
    }),
  ),
});

const resource = "backups";

/** `GET /core/backup` and `POST /core/restore`: everything that is stored, out of one store and into another. */
export function backupRoutes(app: FastifyInstance, context: ApiContext): void {
  const { parts } = context.resources;
  const tags = ["core"];
  const backup = {
    tags,
    summary: "read everything that is stored",
    description:
      "A stream of lines of JSON (application/x-ndjson), true at one revision: a header, the records, a trailer with their " +
      "number and the SHA-256 of all before it. Without its trailer a backup is broken. Credentials are sealed as they are " +
      "in the store. Needs a role for `core/backups` (get).",
  };
  app.get("/core/backup", { schema: backup }, async (request, reply) => {
    context.authorizer.demand(userOf(request), { api: "core", resource, verb: "get" }, undefined);
    const stream = Readable.from(backupLines(parts, context.closing), { objectMode: false });
    stream.on("error", (err) => context.log.error({ err }, "a backup broke off"));
    return reply.type("application/x-ndjson").header("cache-control", "no-store").send(stream);
  });

  const restore = {
    tags,
    summary: "store what a backup holds",
    description:
      "Takes lines of a backup, in its order. Everything is checked before anything is written; an object and what belongs " +
      "to it appear together. Needs a role for `core/backups` (create), and for `core/roles/escalate` (update) if roles or " +
      "bindings are among them.",
    body: RestoreSchema,
    querystring: dryRunQuery,
    response: { 200: ResultsSchema },
  };
  const options = { schema: restore, bodyLimit: limits.restoreBodyBytesMax };
  app.post("/core/restore", options, async (request, reply) => {
    const user = userOf(request);
    context.authorizer.demand(user, { api: "core", resource, verb: "create" }, undefined);
    const body = readAs<Static<typeof RestoreSchema>>(RestoreSchema, request.body);
    demandEscalation(
      context,
      user,
      body.records.map(({ key }) => key),
    );
    const store = isDryRun(request) ? dryStore(parts.store) : parts.store;
    const restored = await restoreRecords({ ...parts, store }, body.records, {
      replace: body.replace,
      holdDeletions: body.hold_deletions,
    });
    const results = restored.map(({ index, result }) => ({
      key: body.records[index]?.key,
      result,
    }));
    return sendJson(reply, { results });
  });
}
