import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ApplicationKind } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import type { TreeNode } from "@octoplane/kube/owned-tree";
import { childrenOf } from "@octoplane/kube/owned-tree";
import { kindOf, podNamed, podsOf } from "@octoplane/kube/owned";
import { failure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { openPlace } from "../clusters/application-place.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { podsBehind, ServiceSchema } from "../clusters/service-pods.ts";
import { EventListSchema, eventsOf } from "../clusters/object-events.ts";
import { jobText } from "../clusters/job-text.ts";
import { partsOf, PodSchema, podView } from "../clusters/pod-view.ts";
import { noteDetail } from "../http/audit.ts";
import { clientGone } from "../http/upgrades.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { StreamQuery } from "../http/stream-query.ts";
import { demand, pathOf } from "./resource.ts";

const truncated = Type.Boolean({ description: "there is more than is told" });
const PodListSchema = Type.Object({
  items: Type.Array(PodSchema),
  truncated,
  service: Type.Optional(ServiceSchema),
});

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
  const pods = operation(kind)("list the Pods of", { ...words, answer: PodListSchema });
  app.get(`${pathOf(kind)}/pods`, pods, async (request, reply) => {
    const ref = demand(context, kind, request, "get", "pods");
    const query = new StreamQuery(request, ["cluster", "service"]);
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const place = await openPlace(context, application, query.text("cluster"));
    const { kube, cluster, roots } = place;
    const gone = clientGone(request, reply);
    const {
      pods: chosen,
      isCut,
      ...more
    } = await onCluster(cluster, async () => {
      const found = await podsOf(kube, roots, gone);
      const service = query.text("service");
      if (service === undefined) return found;
      return { ...found, ...(await podsBehind(kube, roots, { ...found, service }, gone)) };
    });
    const items = chosen.map((pod) => podView(pod, cluster));
    const list = { api: kind.api, kind: "PodList", metadata: {}, items, truncated: isCut, ...more };
    return sendJson(reply.header("cache-control", "no-store"), list);
  });

  deleteRoute(app, context);
  treeRoute(app, context);
  eventRoute(app, context);
}

const words = { subresource: "pods" };

function deleteRoute(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ApplicationKind);
  const gone = operation(kind)("delete a Pod of", { ...words, answer: PodSchema });
  app.delete(`${pathOf(kind)}/pods/:pod`, gone, async (request, reply) => {
    const ref = demand(context, kind, request, "delete", "pods");
    const { pod: name = "" } = request.params as { readonly pod?: string };
    const wanted = new StreamQuery(request, ["cluster"]).text("cluster");
    noteDetail(request, `pod ${name}`);
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const { kube, cluster, roots } = await openPlace(context, application, wanted);
    const deleted = await onCluster(cluster, async () => {
      const found = await podNamed(kube, roots, { name });
      if (!found) throw failure("NotFound", `application ${ref.name} has no Pod ${name}`);
      const { namespace = "", uid = "" } = found.pod.metadata;
      const served = await kindOf(kube, "", "Pod");
      // Another one of its name, such as a StatefulSet makes, stays.
      await kube.delete({ served, namespace, name }, { propagation: "Background", uid });
      return found;
    });
    return sendJson(reply, podView(deleted, cluster));
  });
}

function eventRoute(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ApplicationKind);
  const heard = operation(kind)("list the Events on the cluster of", {
    ...words,
    answer: EventListSchema,
  });
  app.get(`${pathOf(kind)}/cluster-events`, heard, async (request, reply) => {
    const ref = demand(context, kind, request, "get", "pods");
    const wanted = new StreamQuery(request, ["cluster"]).text("cluster");
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const { kube, cluster, roots } = await openPlace(context, application, wanted);
    const events = await onCluster(cluster, () =>
      eventsOf(kube, roots, clientGone(request, reply)),
    );
    const answer = { api: kind.api, kind: "EventList", cluster, ...events };
    return sendJson(reply.header("cache-control", "no-store"), answer);
  });
}

function treeRoute(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ApplicationKind);
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
    return sendJson(reply.header("cache-control", "no-store"), answer);
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

/** The phase of what has one; how many replicas are ready of what has those; how far Jobs are. */
function stateOf({ object, group }: TreeNode): string | null {
  if (!object) return null;
  if (object.metadata.deletionTimestamp !== undefined) return "Terminating";
  if (group === "batch") return jobText(object);
  const { status } = partsOf(object);
  if (status.phase !== undefined) return status.phase;
  const counts = object["status"] as { readonly readyReplicas?: number } | undefined;
  const wanted = (object["spec"] as { readonly replicas?: number } | undefined)?.replicas;
  return wanted === undefined ? null : `${counts?.readyReplicas ?? 0}/${wanted} ready`;
}
