import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { sameRef } from "@octoplane/resources/record";
import { isFailure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import {
  StandingObjectSchema,
  standingObjects,
  unseenObjects,
  type StandingObject,
} from "../clusters/standing-objects.ts";
import { desiredAt, isNamed, wantedPlaces, type WantedPlace } from "../clusters/wanted-places.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { StreamQuery } from "../http/stream-query.ts";
import { clientGone } from "../http/upgrades.ts";
import { demand, pathOf } from "./resource.ts";

const ObjectListSchema = Type.Object({ items: Type.Array(StandingObjectSchema) });

/** `GET …/applications/{name}/objects`: each of its objects as it stands on its clusters at this moment, and how it is doing. */
export function applicationObjectRoutes(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ApplicationKind);
  const words = { subresource: "objects", answer: ObjectListSchema };
  const schema = operation(kind)("tell the health of the objects of", words);
  app.get(`${pathOf(kind)}/objects`, schema, async (request, reply) => {
    const ref = demand(context, kind, request, "get", "objects");
    const wanted = new StreamQuery(request, ["cluster"]).text("cluster");
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const gone = clientGone(request, reply);
    const lists = await Promise.all(
      standingPlaces(context, application, wanted).map((place) =>
        objectsAt(context, application, { place, signal: gone }),
      ),
    );
    const list = { api: kind.api, kind: "ObjectList", metadata: {}, items: lists.flat() };
    return sendJson(reply.header("cache-control", "no-store"), list);
  });
}

/** Of a cluster that does not answer it is told what stands there by the books. */
async function objectsAt(
  { connections }: ApiContext,
  application: Application,
  { place, signal }: { readonly place: StandingPlace; readonly signal: AbortSignal },
): Promise<readonly StandingObject[]> {
  const { cluster, copy, manifest } = place;
  try {
    return await onCluster(cluster.name, async () => {
      const kube = await connections.kubeOf(cluster);
      const desired = manifest && (await desiredAt(application, { manifest }, kube, signal));
      return await standingObjects(application, { kube, cluster, copy, desired }, signal);
    });
  } catch (error) {
    if (!isFailure(error, "Unavailable", "NotFound")) throw error;
    return unseenObjects(cluster, copy, error.message);
  }
}

type StandingPlace = Pick<WantedPlace, "cluster" | "copy"> & {
  readonly manifest: WantedPlace["manifest"] | undefined;
};

/** Where it belongs, and where something of it still stands besides. */
function standingPlaces(
  context: ApiContext,
  application: Application,
  wanted: string | undefined,
): readonly StandingPlace[] {
  const bound = wantedPlaces(context, application);
  const others = application.status.copies.filter(
    ({ cluster }) => !bound.some((place) => sameRef(place.cluster, cluster)),
  );
  const left = others.map((copy) => ({ cluster: copy.cluster, copy, manifest: undefined }));
  const all: readonly StandingPlace[] = [...bound, ...left];
  return wanted === undefined ? all : all.filter(({ cluster }) => isNamed(cluster, wanted));
}
