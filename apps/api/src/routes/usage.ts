import type { FastifyInstance, FastifyReply } from "fastify";
import { ApplicationKind } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import type { ApiContext } from "../api-context.ts";
import { openPlace } from "../clusters/application-place.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { nodeUsage, NodeUsageListSchema } from "../clusters/node-usage.ts";
import { podUsage, PodUsageListSchema } from "../clusters/pod-usage.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { StreamQuery } from "../http/stream-query.ts";
import { clientGone } from "../http/upgrades.ts";
import { demand, pathOf } from "./resource.ts";

/** What Pods and nodes use at this moment, measured on their cluster; `Invalid` where it measures nothing. */
export function usageRoutes(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ApplicationKind);
  const words = { subresource: "pods", answer: PodUsageListSchema };
  const schema = operation(kind)("tell what is used by the Pods of", words);
  app.get(`${pathOf(kind)}/usage`, schema, async (request, reply) => {
    const ref = demand(context, kind, request, "get", "pods");
    const wanted = new StreamQuery(request, ["cluster"]).text("cluster");
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const place = await openPlace(context, application, wanted);
    const gone = clientGone(request, reply);
    const list = await onCluster(place.cluster, () => podUsage(place, gone));
    return answered(reply, { api: kind.api, kind: "PodUsageList", metadata: {}, ...list });
  });
  nodeRoute(app, context);
}

function nodeRoute(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ClusterKind);
  const words = { subresource: "nodes", answer: NodeUsageListSchema };
  const schema = operation(kind)("tell what is used on the nodes of", words);
  app.get(`${pathOf(kind)}/usage`, schema, async (request, reply) => {
    const { namespace = "", name } = demand(context, kind, request, "get", "nodes");
    await context.resources.of(ClusterKind).mustGet({ namespace, name });
    const gone = clientGone(request, reply);
    const kube = await context.connections.kubeOf({ namespace, name });
    const list = await onCluster(name, () => nodeUsage({ kube, cluster: name }, gone));
    return answered(reply, { api: kind.api, kind: "NodeUsageList", metadata: {}, ...list });
  });
}

function answered(reply: FastifyReply, list: object): FastifyReply {
  return sendJson(reply.header("cache-control", "no-store"), list);
}
