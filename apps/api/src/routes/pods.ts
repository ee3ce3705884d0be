import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ApplicationKind } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import type { TreeNode } from "@octoplane/kube/owned-tree";
import { childrenOf } from "@octoplane/kube/owned-tree";
import { podsOf } from "@octoplane/kube/owned";
import type { ApiContext } from "../api-context.ts";
import { openPlace } from "../clusters/application-place.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { partsOf, PodSchema, podView } from "../clusters/pod-view.ts";
import { clientGone } from "../http/upgrades.ts";
import { operation } from "../http/route-schema.ts";
import { StreamQuery } from "../http/stream-query.ts";
import { demand, pathOf } from "./resource.ts";

const truncated = Type.Boolean({ description: "there is more than is told" });
const PodListSchema = Type.Object({ items: Type.Array(PodSchema), truncated });

/** One object of the tree; those below it descend from it. */
const NodeSchema = Type.Object({
  group: Type.String(),
  kind: Type.String(),
  namespace: Type.Union([Type.String(), Type.Null()]),
  name: Type.String(),
  made_by: Type.String({
    description: "application: it is in the manifest; controller: it is not",
  }),
  state: Type.Union([Type.String(), Type.Null()]),
  children: Type.Array(Type.Unknown({ description: "the same again" })),
});
const TreeSchema = Type.Object({
  cluster: Type.String(),
  items: Type.Array(NodeSchema),
  truncated,
});

/** What an application became on a cluster: its Pods, and everything that controllers made of its objects. */
export function podRoutes(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ApplicationKind);
  const words = { subresource: "pods" };
  const pods = operation(kind)("list the Pods of", { ...words, answer: PodListSchema });
  app.get(`${pathOf(kind)}/pods`, pods, async (request, reply) => {
    const ref = demand(context, kind, request, "get", "pods");
    const wanted = new StreamQuery(request, ["cluster"]).text("cluster");
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const { kube, cluster, roots } = await openPlace(context, application, wanted);
    const found = await onCluster(cluster, () => podsOf(kube, roots, clientGone(request, reply)));
    const items = found.pods.map((pod) => podView(pod, cluster));
    const list = { api: kind.api, kind: "PodList", metadata: {}, items, truncated: found.isCut };
    return reply
      .header("cache-control", "no-store")
      .type("application/json")
      .send(JSON.stringify(list));
  });

  const tree = operation(kind)("show the objects of", { ...words, answer: TreeSchema });
  app.get(`${pathOf(kind)}/tree`, tree, async (request, reply) => {
    const ref = demand(context, kind, request, "get", "pods");
    const wanted = new StreamQuery(request, ["cluster"]).text("cluster");
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const { kube, cluster, roots } = await openPlace(context, application, wanted);
    const found = await onCluster(cluster, () =>
      childrenOf(kube, roots, clientGone(request, reply)),
    );
    const items = found.nodes.map((node) => viewOf(node, "application"));
    const answer = { api: kind.api, kind: "Tree", cluster, items, truncated: found.isCut };
    return reply
      .header("cache-control", "no-store")
      .type("application/json")
      .send(JSON.stringify(answer));
  });
}

function viewOf(node: TreeNode, madeBy: "application" | "controller"): object {
  const { group, kind, namespace, name } = node;
  return {
    group,
    kind,
    namespace,
    name,
    made_by: madeBy,
    state: stateOf(node),
    children: node.children.map((child) => viewOf(child, "controller")),
  };
}

/** The phase of what has one; how many replicas are ready of what has those. */
function stateOf({ object }: TreeNode): string | null {
  if (!object) return null;
  if (object.metadata.deletionTimestamp !== undefined) return "Terminating";
  const { status } = partsOf(object);
  if (status.phase !== undefined) return status.phase;
  const counts = object["status"] as { readonly readyReplicas?: number } | undefined;
  const wanted = (object["spec"] as { readonly replicas?: number } | undefined)?.replicas;
  return wanted === undefined ? null : `${counts?.readyReplicas ?? 0}/${wanted} ready`;
}
