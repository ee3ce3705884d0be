import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { manifestDifference } from "@octoplane/kinds/manifest-difference";
import { dateTime } from "@octoplane/kinds/metadata";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { deliveredAs, deliverSame } from "@octoplane/kinds/revision";
import { wantedManifest } from "@octoplane/kinds/wanted-manifest";
import type { Ref } from "@octoplane/resources/keys";
import { readRevisions } from "@octoplane/resources/revision-log";
import { failure, invalid } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { objectSchemaOf, operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { changeObject } from "./change-object.ts";
import { answer, demand, pathOf, withWarnings } from "./resource.ts";

const kind = anyKind(ApplicationKind);
type Spec = Application["spec"];

/** The present specification of an application, or a past one. */
interface Specification {
  readonly generation: number;
  readonly since: string;
  readonly spec: Spec;
}

const SpecificationSchema = Type.Object({
  generation: Type.Integer(),
  since: dateTime,
  spec: ApplicationKind.fields.spec,
});

const SummarySchema = Type.Object({
  generation: Type.Integer(),
  since: dateTime,
  changes: Type.Optional(
    Type.Array(
      Type.Object({
        object: Type.String(),
        change: Type.Union([
          Type.Literal("added"),
          Type.Literal("removed"),
          Type.Literal("changed"),
        ]),
      }),
      { description: "to the one before it; left out where that is not kept" },
    ),
  ),
});

const UndoSchema = Type.Object(
  {
    generation: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "to go back to; left out: the last one that delivered something else",
      }),
    ),
  },
  { additionalProperties: false },
);

/** What an application asked for before, and the way back to it. */
export function revisionRoutes(app: FastifyInstance, context: ApiContext): void {
  const list = operation(kind)("list the present and past specifications of", {
    answer: Type.Object({ items: Type.Array(SummarySchema) }),
  });
  app.get(`${pathOf(kind)}/revisions`, list, async (request, reply) => {
    const all = await specificationsOf(context, demand(context, kind, request, "get"));
    const items = all.map((one, index) => summaryOf(one, all[index + 1]));
    const body = { api: kind.api, kind: "RevisionList", metadata: {}, items };
    return sendJson(reply, body);
  });

  const read = operation(kind)("read one specification of", { answer: SpecificationSchema });
  app.get(`${pathOf(kind)}/revisions/:generation`, read, async (request, reply) => {
    const ref = demand(context, kind, request, "get");
    const found = pick(await specificationsOf(context, ref), ref, generationOf(request));
    return sendJson(reply, found);
  });

  const undo = operation(kind)("go back to a past specification of", {
    body: UndoSchema,
    answer: objectSchemaOf(kind),
    subresource: "undo",
    dryRun: true,
  });
  app.post(`${pathOf(kind)}/undo`, undo, async (request, reply) => {
    const ref = demand(context, kind, request, "update", "undo");
    const { generation } = readAs<Static<typeof UndoSchema>>(UndoSchema, request.body ?? {});
    const all = await specificationsOf(context, ref);
    const changed = await changeObject(context, kind, { ref, request }, (current) => {
      const { spec } = current as unknown as Application;
      const { status: _status, ...rest } = current;
      const back =
        generation === undefined ? lastOther(all, ref, spec) : pick(all, ref, generation);
      return { input: readInput(kind, { ...rest, spec: deliveredAs(spec, back.spec) }) };
    });
    return answer(withWarnings(reply, kind, changed), changed);
  });
}

/** Newest first, the present one in front; held to the object, so that nobody reads those of one that has gone. */
async function specificationsOf(context: ApiContext, ref: Ref): Promise<readonly Specification[]> {
  const { metadata, spec } = await context.resources.of(ApplicationKind).mustGet(ref);
  const revisions = await readRevisions(context.resources.parts.store, metadata.uid);
  const past = revisions.map(({ generation, since, fields }) => ({
    generation,
    since,
    spec: fields["spec"] as Spec,
  }));
  const { generation, modified: since } = metadata;
  // One that was replaced between the two reads stands in both.
  return [{ generation, since, spec }, ...past.filter((one) => one.generation < generation)];
}

function summaryOf(
  { generation, since, spec }: Specification,
  before: Specification | undefined,
): Static<typeof SummarySchema> {
  if (before === undefined) return { generation, since };
  const difference = manifestDifference(wantedManifest(before.spec), wantedManifest(spec));
  const changes = difference.map(({ object, change }) => ({ object, change }));
  return { generation, since, changes };
}

function generationOf(request: FastifyRequest): number {
  const { generation = "" } = request.params as { readonly generation?: string };
  if (/^[1-9]\d{0,8}$/.test(generation)) return Number(generation);
  throw invalid([{ field: "generation", message: `expected a number, found ${generation}` }]);
}

function pick(all: readonly Specification[], { name }: Ref, generation: number): Specification {
  const found = all.find((one) => one.generation === generation);
  if (found) return found;
  const kept = all.map((one) => one.generation).join(", ");
  const message = `Application ${name} has no specification ${generation} (kept are ${kept})`;
  throw failure("NotFound", message);
}

function lastOther(all: readonly Specification[], { name }: Ref, spec: Spec): Specification {
  const found = all.find((one) => !deliverSame(one.spec, spec));
  if (found) return found;
  throw failure("NoChange", `Application ${name} has delivered nothing else that is kept`);
}
