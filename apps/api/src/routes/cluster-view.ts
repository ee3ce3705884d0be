import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import type { ApiContext } from "../api-context.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { NodeViewSchema, nodeViews } from "../clusters/node-view.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { clientGone } from "../http/upgrades.ts";
import { demand, pathOf } from "./resource.ts";

const NodeListSchema = Type.Object({ items: Type.Array(NodeViewSchema) });

/** `GET …/clusters/{name}/nodes`: what nobody writes down of a cluster, asked of it now. */
export function clusterViewRoutes(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ClusterKind);
  const words = { subresource: "nodes", answer: NodeListSchema };
  const schema = operation(kind)("list the nodes of", words);
  app.get(`${pathOf(kind)}/nodes`, schema, async (request, reply) => {
    const { namespace = "", name } = demand(context, kind, request, "get", "nodes");
    await context.resources.of(ClusterKind).mustGet({ namespace, name });
    const gone = clientGone(request, reply);
    const kube = await context.connections.kubeOf({ namespace, name });
    const items = await onCluster(name, () => nodeViews(kube, gone));
    const list = { api: kind.api, kind: "NodeList", metadata: {}, items };
    return sendJson(reply.header("cache-control", "no-store"), list);
  });
}
