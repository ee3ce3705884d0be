import { PassThrough, pipeline, Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import type { Verb } from "@octoplane/kinds/role";
import type { Kube, RawRequest } from "@octoplane/kube/kube";
import { failure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { guardStream, type StreamGuard } from "../clusters/stream-guard.ts";
import { clientGone, isUpgrade, joinSockets } from "../http/upgrades.ts";
import { demand, pathOf } from "./resource.ts";

const verbs: Readonly<Record<string, Verb>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "update",
  DELETE: "delete",
};

/**
 * `…/clusters/{name}/proxy/*`: a cluster's API as it is, with Octoplane's credentials, for who may do so. Requests and answers of any
 * kind pass as streams; what leaves HTTP needs the right to create.
 */
export function clusterProxyRoute(app: FastifyInstance, context: ApiContext): void {
  void app.register(async (scope) => {
    // Bodies pass unread, whatever they are.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    scope.route({
      method: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
      url: `${pathOf(anyKind(ClusterKind))}/proxy/*`,
      // Of Kubernetes, which reads its parameters itself.
      schema: { hide: true, querystring: Type.Object({ dryRun: Type.Optional(Type.String()) }) },
      bodyLimit: Number.MAX_SAFE_INTEGER,
      handler: (request, reply) => pass(context, request, reply),
    });
  });
}

async function pass(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | void> {
  const kind = anyKind(ClusterKind);
  const verb = isUpgrade(request) ? "create" : (verbs[request.method] ?? "create");
  const ref = demand(context, kind, request, verb, "proxy");
  const { namespace = "", name } = ref;
  const kube = await context.connections.kubeOf({ namespace, name });
  const wish = { api: kind.api, resource: `${kind.plural}/proxy`, verb } as const;
  const guard = guardStream(context, request, { wish, namespace });
  const gone = clientGone(request, reply);
  gone.addEventListener("abort", guard.end, { once: true });
  const target = targetOf(request);
  const passing = { context, request, reply, kube, guard };
  try {
    if (isUpgrade(request)) return await onCluster(name, () => passUpgrade(passing, target));
    return await onCluster(name, () => passRequest(passing, target));
  } catch (error) {
    guard.end();
    throw error;
  }
}

interface Passing {
  readonly context: ApiContext;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly kube: Kube;
  readonly guard: StreamGuard;
}

async function passRequest(
  { request, reply, kube, guard }: Passing,
  target: RawRequest,
): Promise<FastifyReply> {
  const body = request.body instanceof Readable ? { body: ownStream(request.body) } : {};
  const answer = await kube.proxy({ ...target, ...body }, guard.signal);
  answer.body.once("close", guard.end);
  guard.signal.addEventListener("abort", () => answer.body.destroy(), { once: true });
  if (answer.status === 401) {
    answer.body.destroy();
    throw failure("Unavailable", "the cluster does not take Octoplane's credentials");
  }
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

/** The client library takes the socket from a request that it is handed, which the audit trail needs. */
function ownStream(body: Readable): Readable {
  const own = new PassThrough();
  pipeline(body, own, () => undefined);
  return own;
}

async function passUpgrade(
  { context, request, reply, kube, guard }: Passing,
  target: RawRequest,
): Promise<FastifyReply | void> {
  const upgrade = request.headers.upgrade ?? "websocket";
  const answer = await kube.upgrade({ ...target, upgrade }, guard.signal);
  if (answer.type === "refused") {
    guard.end();
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  }
  const { socket, headers } = answer;
  const { clock } = context.resources.parts;
  joinSockets(request, reply, { socket, headers, signal: guard.signal, clock, onEnd: guard.end });
}

/** The rest of the path as it was sent: decoded and encoded again, it would be another one. */
function targetOf(request: FastifyRequest): RawRequest {
  const [path = "", ...rest] = (request.raw.url ?? "").split("?");
  const match = /^\/[^/]+\/namespaces\/[^/]+\/clusters\/[^/]+\/proxy(\/.*)$/.exec(path);
  const search = rest.length === 0 ? "" : `?${rest.join("?")}`;
  const { method, headers } = request;
  return { method, path: match?.[1] ?? "/", search, headers };
}
