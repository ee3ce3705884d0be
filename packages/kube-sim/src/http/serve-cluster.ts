/** Answers the requests of one cluster. */
import { timingSafeEqual } from "node:crypto";
import { pause } from "@octoplane/shared/clock";
import type { Log } from "@octoplane/shared/log";
import { ApiError, badRequest, notFound, unauthorized, unknownResource } from "../api-error.ts";
import type { Cluster } from "../cluster.ts";
import { textAt } from "../json.ts";
import { kindKey } from "../kind.ts";
import { scaleOf } from "../operations/scale.ts";
import {
  acceptsAggregated,
  aggregatedDocument,
  aggregatedType,
  coreVersionsDocument,
  groupDocument,
  groupsDocument,
  openapiDocument,
  openapiGroupDocument,
  resourcesDocument,
  versionDocument,
} from "./discovery.ts";
import {
  readBody,
  refuseProtobuf,
  sendError,
  sendJson,
  sendText,
  type Exchange,
} from "./exchange.ts";
import { servePodExec } from "./pod-exec.ts";
import { servePodLog } from "./pod-log.ts";
import { servePodPortForward } from "./pod-port-forward.ts";
import { metricsGroup, serveMetrics } from "./metrics-api.ts";
import { inVersion, listDocument } from "./reading.ts";
import { routeOf, type ResourceRoute, type Route } from "./route.ts";
import { asksForWatch, serveWatch } from "./watching.ts";
import {
  checkTarget,
  deletionOf,
  deletionWarnings,
  serveDelete,
  serveWrite,
  writeContext,
  type Target,
} from "./writing.ts";

export interface ServedCluster {
  readonly cluster: Cluster;
  /** Undefined when anybody may come in. */
  readonly token: string | undefined;
  readonly log: Log;
}

/** Answers one request; never throws. */
export async function serveCluster(served: ServedCluster, exchange: Exchange): Promise<void> {
  const { cluster, log } = served;
  const cut = (): void => {
    exchange.request.socket.destroy();
  };
  const closed = cluster.faults.opened(cut);
  (exchange.upgrade?.socket ?? exchange.response).once("close", closed);
  try {
    const isWatch = asksForWatch(exchange.query);
    cluster.traffic.tell({ method: exchange.method, path: exchange.path, isWatch });
    const fault = cluster.faults.next(exchange.method, exchange.path);
    if (cluster.faults.latencyMs > 0) await pause(cluster.clock, cluster.faults.latencyMs);
    if (fault.type === "disconnect" || cluster.faults.offline) {
      cut();
      return;
    }
    if (fault.type === "hang") return;
    if (fault.type === "status") throw faultError(fault.code);
    if (fault.type === "forbidden") throw forbiddenRequest(exchange);
    checkToken(served, exchange);
    await serve(cluster, exchange);
  } catch (error) {
    if (error instanceof ApiError) sendError(exchange, error);
    else if (!exchange.request.destroyed || exchange.request.complete) {
      log.error({ err: error, cluster: cluster.name }, "request failed");
      sendError(exchange, new ApiError(500, "InternalError", "Internal error occurred"));
    }
  }
}

function faultError(code: number): ApiError {
  const retryAfterSeconds = 1;
  if (code === 429) {
    const text = "Too many requests, please try again later.";
    return new ApiError(code, "TooManyRequests", text, { retryAfterSeconds });
  }
  if (code === 503) {
    const text = "the server is currently unable to handle the request";
    return new ApiError(code, "ServiceUnavailable", text, { retryAfterSeconds });
  }
  return new ApiError(code, "InternalError", "Internal error occurred: fault on demand");
}

/** The words of a real API server; `path` is `/api/v1/namespaces/NAMESPACE/PLURAL/NAME` or shorter. */
function forbiddenRequest({ method, path, query }: Exchange): ApiError {
  const route = routeOf(path);
  const verbs: Readonly<Record<string, string>> = {
    POST: "create",
    PUT: "update",
    PATCH: "patch",
    DELETE: "delete",
  };
  if (route.type !== "resource") {
    const text = `forbidden: User "sim" cannot ${method.toLowerCase()} path "${path}"`;
    return new ApiError(403, "Forbidden", text, {});
  }
  const { group, plural, namespace, name = "" } = route;
  const read = asksForWatch(query) ? "watch" : name === "" ? "list" : "get";
  const qualified = group === "" ? plural : `${plural}.${group}`;
  const scope =
    namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const text =
    `${qualified} ${name === "" ? "" : `"${name}" `}is forbidden: User "sim" cannot ` +
    `${verbs[method] ?? read} resource "${plural}" in API group "${group}" ${scope}`;
  return new ApiError(403, "Forbidden", text, { name, group, kind: plural });
}

function checkToken(served: ServedCluster, exchange: Exchange): void {
  if (served.token === undefined) return;
  const given = Buffer.from(exchange.request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${served.token}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw unauthorized();
}

async function serve(cluster: Cluster, exchange: Exchange): Promise<void> {
  const route = routeOf(exchange.path);
  if (route.type === "resource") {
    await serveResource(cluster, exchange, route);
    return;
  }
  if (route.type === "health") {
    sendText(exchange, 200, "ok");
    return;
  }
  const isAggregated =
    (route.type === "core-versions" || route.type === "groups") &&
    acceptsAggregated(exchange.request.headers.accept);
  if (isAggregated) {
    const document = aggregatedDocument(cluster, route.type === "core-versions");
    sendJson(exchange, 200, document, { type: aggregatedType });
    return;
  }
  const document = documentOf(cluster, route);
  if (document === undefined) sendText(exchange, 404, "404 page not found\n");
  else sendJson(exchange, 200, document);
}

function documentOf(cluster: Cluster, route: Route): Record<string, unknown> | undefined {
  switch (route.type) {
    case "version":
      return versionDocument(cluster);
    case "core-versions":
      return coreVersionsDocument();
    case "groups":
      return groupsDocument(cluster);
    case "group":
      return groupDocument(cluster, route.group);
    case "resources":
      return resourcesDocument(cluster, route.group, route.version);
    case "openapi":
      return openapiDocument(cluster);
    case "openapi-group":
      return openapiGroupDocument(cluster, route.group, route.version);
    case "health":
    case "resource":
    case "unknown":
      return undefined;
  }
}

async function serveResource(
  cluster: Cluster,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  if (route.group === metricsGroup && cluster.settings.metrics) {
    serveMetrics(cluster, exchange, route);
    return;
  }
  const kind = cluster.kinds.find(route.group, route.version, route.plural);
  if (kind === undefined) {
    const isServed = resourcesDocument(cluster, route.group, route.version) !== undefined;
    if (!isServed) sendText(exchange, 404, "404 page not found\n");
    else sendError(exchange, unknownResource());
    return;
  }
  const { namespace, name, subresource } = route;
  const target: Target = { cluster, kind, namespace, name, subresource };
  checkTarget(target, exchange.method);
  if (subresource !== undefined && connecting.has(subresource)) {
    await serveConnect(exchange, target);
    return;
  }
  if (exchange.method === "GET") {
    serveRead(exchange, target);
    return;
  }
  const body = await readBody(exchange.request);
  if (body.length > 0) refuseProtobuf(exchange.request);
  if (exchange.method === "DELETE") {
    const deletion = deletionOf(exchange, body);
    const { code, body: shown } = serveDelete(exchange, target, deletion);
    sendJson(exchange, code, shown, { warnings: deletionWarnings(target, deletion) });
    return;
  }
  const context = writeContext(exchange, target);
  const answer = serveWrite(exchange, context, body);
  sendJson(exchange, answer.code, answer.body, { warnings: context.warnings });
}

/** Sub-resources that lead into a Pod. */
const connecting: ReadonlySet<string> = new Set(["exec", "attach", "portforward"]);

async function serveConnect(exchange: Exchange, target: Target): Promise<void> {
  const { cluster, kind, namespace, name = "", subresource } = target;
  const pod = cluster.storage.get(kindKey(kind), namespace, name);
  if (pod === undefined) throw notFound(kind, name);
  if (textAt(pod, "spec", "nodeName") === undefined) {
    throw badRequest(`pod ${name} does not have a host assigned`);
  }
  if (subresource === "portforward") await servePodPortForward(exchange, cluster, pod);
  else await servePodExec(exchange, cluster, pod, subresource === "exec" ? "exec" : "attach");
}

function serveRead(exchange: Exchange, target: Target): void {
  const { cluster, kind, namespace, name, subresource } = target;
  const { query } = exchange;
  if (name === undefined) {
    if (asksForWatch(query)) serveWatch(exchange, target);
    else sendJson(exchange, 200, listDocument(target, query));
    return;
  }
  const object = cluster.storage.get(kindKey(kind), namespace, name);
  if (object === undefined) throw notFound(kind, name);
  if (subresource === "scale") sendJson(exchange, 200, scaleOf(object));
  else if (subresource === "log") servePodLog(exchange, cluster, object);
  else sendJson(exchange, 200, inVersion(kind, object));
}
