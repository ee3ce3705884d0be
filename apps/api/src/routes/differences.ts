import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import type { Ref } from "@octoplane/resources/keys";
import { invalid, isFailure } from "@octoplane/shared/errors";
import { admit } from "../admission.ts";
import { userOf, type ApiContext } from "../api-context.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { PlaceDifferenceSchema, placeDifferences } from "../clusters/place-differences.ts";
import { desiredAt, wantedPlaces } from "../clusters/wanted-places.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { StreamQuery } from "../http/stream-query.ts";
import { clientGone } from "../http/upgrades.ts";
import { demand, pathOf } from "./resource.ts";

const AskedSchema = Type.Object(
  {
    manifest: Type.Optional(
      Type.Array(Type.Record(Type.String(), Type.Unknown()), {
        description: "instead of the stored one",
      }),
    ),
    spec: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "the whole specification instead of the stored one, as a PUT would bring it",
      }),
    ),
  },
  { additionalProperties: false },
);
type Asked = Static<typeof AskedSchema>;

const AnswerSchema = Type.Object({ items: Type.Array(PlaceDifferenceSchema) });

const kind = anyKind(ApplicationKind);

/**
 * `POST …/applications/{name}/differences`: what applying the application, as it is stored or as it is sent, would change on its
 * clusters. Nothing is written. What is sent is a change of the application, and needs the right to make it.
 */
export function differenceRoutes(app: FastifyInstance, context: ApiContext): void {
  const words = { subresource: "differences", body: AskedSchema, answer: AnswerSchema };
  const schema = operation(kind)("tell what applying would change of", words);
  app.post(`${pathOf(kind)}/differences`, schema, async (request, reply) => {
    const ref = demand(context, kind, request, "create", "differences");
    const asked = readAs<Asked>(AskedSchema, request.body ?? {});
    const wanted = new StreamQuery(request, ["cluster"]).text("cluster");
    if (asked.manifest !== undefined || asked.spec !== undefined) {
      demand(context, kind, request, "update");
    }
    const application = await wouldBe(context, request, { ref, asked });
    const gone = clientGone(request, reply);
    const isLiving = livingIn(context);
    const lists = await Promise.all(
      wantedPlaces(context, application, wanted).map((place) =>
        onCluster(place.cluster.name, async () => {
          const kube = await context.connections.kubeOf(place.cluster);
          const desired = await desiredAt(application, place, kube, gone);
          const comparison = { app: application, kube, place, desired, isLiving };
          return await placeDifferences(comparison, gone);
        }),
      ),
    );
    const answer = { api: kind.api, kind: "DifferenceList", metadata: {}, items: lists.flat() };
    return sendJson(reply.header("cache-control", "no-store"), answer);
  });
}

/** The application as the change would leave it, checked like the change itself, where it is now. */
async function wouldBe(
  context: ApiContext,
  request: FastifyRequest,
  { ref, asked: { manifest, spec } }: { readonly ref: Ref; readonly asked: Asked },
): Promise<Application> {
  const repository = context.resources.of(kind, { dryRun: true });
  const current = await repository.mustGet(ref);
  if (manifest === undefined && spec === undefined) return current as unknown as Application;
  if (manifest !== undefined && spec !== undefined) {
    throw invalid([{ field: "spec", message: "expected manifest or spec, not both" }]);
  }
  const { status: _status, ...rest } = current;
  const stored = current["spec"] as object;
  const input = readInput(kind, { ...rest, spec: spec ?? { ...stored, manifest } });
  await admit(context, kind, { input, ref, user: userOf(request) });
  try {
    const changed = await repository.update(ref, input);
    return { ...changed, status: current.status } as unknown as Application;
  } catch (error) {
    if (isFailure(error, "NoChange")) return current as unknown as Application;
    throw error;
  }
}

function livingIn(context: ApiContext): (uid: string) => boolean {
  const uids = new Set<string>();
  for (const app of context.resources.feed(ApplicationKind).objects.values())
    uids.add(app.metadata.uid);
  return (uid) => uids.has(uid);
}
