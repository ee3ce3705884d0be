import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ApplicationKind } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { wantedManifest } from "@octoplane/kinds/wanted-manifest";
import { isFailure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { ImageSchema, imageViews, nodeImages, type NodeImages } from "../clusters/image-list.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { wantedPlaces } from "../clusters/wanted-places.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { StreamQuery } from "../http/stream-query.ts";
import { clientGone } from "../http/upgrades.ts";
import { demand, pathOf } from "./resource.ts";

const ImageListSchema = Type.Object({ items: Type.Array(ImageSchema) });

/** `GET …/applications/{name}/images`: what has to be pulled on each of its clusters, and what their nodes have already. */
export function applicationImageRoutes(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ApplicationKind);
  const words = { subresource: "images", answer: ImageListSchema };
  const schema = operation(kind)("list the images of", words);
  app.get(`${pathOf(kind)}/images`, schema, async (request, reply) => {
    const ref = demand(context, kind, request, "get", "images");
    const wanted = new StreamQuery(request, ["cluster"]).text("cluster");
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const gone = clientGone(request, reply);
    const places = wantedPlaces(context, application, wanted);
    const lists = await Promise.all(
      places.map(async ({ cluster, manifest }) =>
        imageViews(cluster.name, manifest, await toldBy(context, cluster, gone)),
      ),
    );
    const items =
      places.length > 0
        ? lists.flat()
        : imageViews(null, wantedManifest(application.spec), undefined);
    const list = { api: kind.api, kind: "ImageList", metadata: {}, items };
    return sendJson(reply.header("cache-control", "no-store"), list);
  });
}

/** What is to be pulled is known also while a cluster does not answer. */
async function toldBy(
  { connections }: ApiContext,
  cluster: ResourceRef,
  signal: AbortSignal,
): Promise<NodeImages> {
  try {
    const kube = await connections.kubeOf(cluster);
    return await onCluster(cluster.name, () => nodeImages(kube, signal));
  } catch (error) {
    if (isFailure(error, "Unavailable")) return undefined;
    throw error;
  }
}
