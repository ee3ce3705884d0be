import { setImmediate as nextTurn } from "node:timers/promises";
import { textOf } from "@octoplane/shared/text-of";
import type { SecureContextOptions } from "node:tls";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { kinds, recordKinds } from "@octoplane/kinds/registry";
import { KubeError } from "@octoplane/kube/kube";
import type { AuditLog } from "@octoplane/resources/audit-log";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { setUser, type ApiContext } from "./api-context.ts";
import { hookUserOf } from "./auth/hook-user.ts";
import { authenticate } from "./auth/authenticate.ts";
import type { OidcConfig } from "./auth/oidc.ts";
import { noteRefusal, useAudit } from "./http/audit.ts";
import { listenerOptions } from "./http/listener.ts";
import { useUpgrades } from "./http/upgrades.ts";
import { useCors } from "./http/cors.ts";
import { problemOf, type Problem } from "./http/problem.ts";
import { refuseUnknownDryRun } from "./http/query.ts";
import { problemAnswer } from "./http/route-schema.ts";
import { RateLimit, type Rate } from "./http/rate-limit.ts";
import { mergePatchType } from "./http/merge-patch.ts";
import { readJson } from "./http/read-json.ts";
import { LongWork } from "./placement/long-work.ts";
import { backtestRoutes } from "./routes/backtests.ts";
import { backupRoutes } from "./routes/backup.ts";
import { bindingRoutes } from "./routes/bindings.ts";
import { bootstrapRoute } from "./routes/bootstrap.ts";
import { clusterViewRoutes } from "./routes/cluster-view.ts";
import { clusterProxyRoute } from "./routes/cluster-proxy.ts";
import { differenceRoutes } from "./routes/differences.ts";
import { execRoutes } from "./routes/exec.ts";
import { explanationRoutes } from "./routes/explanation.ts";
import { healthRoutes, openPaths } from "./routes/health.ts";
import { historyRoutes } from "./routes/history.ts";
import { applicationActionRoutes } from "./routes/application-actions.ts";
import { applicationImageRoutes } from "./routes/application-images.ts";
import { applicationObjectRoutes } from "./routes/application-objects.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { importRoute } from "./routes/import.ts";
import { logRoutes } from "./routes/logs.ts";
import { loginRoute } from "./routes/login.ts";
import { metricValueRoutes } from "./routes/metric-value.ts";
import { patchRoute } from "./routes/patch.ts";
import { planRoutes } from "./routes/plans.ts";
import { podRoutes } from "./routes/pods.ts";
import { readRoutes, writeRoutes } from "./routes/resource.ts";
import { revisionRoutes } from "./routes/revisions.ts";
import { secretRoutes } from "./routes/secrets.ts";
import { serviceRoutes } from "./routes/service.ts";
import { specialRoutes, statusRoute } from "./routes/subresources.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { usageRoutes } from "./routes/usage.ts";

/** The web server with all its routes, not yet listening. The route table is this function and what it calls. */
export async function buildServer(
  context: ApiContext,
  options: {
    readonly problemBaseUrl: string | null;
    /** Absent: pages of other origins may not call. */
    readonly corsOrigin: string | undefined;
    readonly auditLog: AuditLog;
    /** Whose tokens are taken; those where people can log in are told to everyone. */
    readonly issuers: readonly OidcConfig[];
    readonly requestTimeoutMs: number;
    readonly rate: Rate;
    /** Absent: HTTP without TLS. */
    readonly certificates: SecureContextOptions | undefined;
  },
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    ...listenerOptions(options.certificates, options.requestTimeoutMs),
    forceCloseConnections: "idle",
    // A name of 255 characters, each of them percent-encoded.
    routerOptions: { maxParamLength: 765, ignoreTrailingSlash: true },
    frameworkErrors: (error, _request, reply) => {
      answerProblem(reply as FastifyReply, problemOf(error, options.problemBaseUrl));
    },
    genReqId: () => context.resources.parts.random.uuid(),
    requestIdHeader: false,
    exposeHeadRoutes: false,
  });
  // Bodies are checked by the kinds (strictly, with our messages); answers are written by the routes.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  useJson(app);
  useProblems(app, context, options.problemBaseUrl);
  useUpgrades(app);
  const paths = usePaths(app);
  useCors(app, options.corsOrigin);
  useIdentity(app, context, options.rate);
  app.addHook("preHandler", async (request) => refuseUnknownDryRun(request));
  useMetrics(app, context);
  useAudit(app, context, options.auditLog);
  await useDocumentation(app, context);
  healthRoutes(app, context);
  serviceRoutes(app, context);
  tokenRoutes(app, context);
  loginRoute(app, options.issuers);
  bootstrapRoute(app, context);
  backupRoutes(app, context);
  importRoute(app, context);
  secretRoutes(app, context);
  kindRoutes(app, context);
  bindingRoutes(app, context);
  applicationActionRoutes(app, context);
  revisionRoutes(app, context);
  hookRoutes(app, context);
  routesOnClusters(app, context);
  specialRoutes(app, context);
  metricValueRoutes(app, context);
  const { clock } = context.resources.parts;
  explanationRoutes(app, context, new LongWork(clock, limits.explanationsAtOnceMax));
  const work = new LongWork(clock, limits.plansAtOnceMax);
  planRoutes(app, context, work);
  backtestRoutes(app, context, work);
  refuseOtherMethods(app, paths);
  await app.ready();
  return app;
}

/** What is asked of clusters when somebody asks for it. */
function routesOnClusters(app: FastifyInstance, context: ApiContext): void {
  applicationObjectRoutes(app, context);
  differenceRoutes(app, context);
  applicationImageRoutes(app, context);
  podRoutes(app, context);
  usageRoutes(app, context);
  logRoutes(app, context);
  execRoutes(app, context);
  clusterViewRoutes(app, context);
  clusterProxyRoute(app, context);
}

/** What every kind has. */
function kindRoutes(app: FastifyInstance, context: ApiContext): void {
  for (const kind of kinds) {
    readRoutes(app, context, kind);
    writeRoutes(app, context, kind);
    patchRoute(app, context, kind);
    statusRoute(app, context, kind);
    historyRoutes(app, context, kind);
  }
  for (const kind of recordKinds) readRoutes(app, context, kind);
}

/** JSON is the only body there is, for PATCH a merge patch; one that could not be kept as it was sent is refused. */
function useJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ["application/json", mergePatchType],
    { parseAs: "string" },
    async (request: FastifyRequest, body: unknown) => {
      const text = textOf(body);
      const expected = request.method === "PATCH" ? mergePatchType : "application/json";
      const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
      if (type !== expected) throw failure("Unparsable", `expected a body of type ${expected}`);
      if (text !== "") return await readBody(text);
      if (request.method === "DELETE") return undefined;
      throw failure("Unparsable", "expected a JSON body, found none");
    },
  );
}

/** A large one was long in reading, and is long in checking: others have a turn in between. */
async function readBody(text: string): Promise<unknown> {
  const body = readJson(text);
  if (text.length > limits.jsonCharsAtOnce) await nextTurn();
  return body;
}

/** The methods of each path, as routes are added. */
function usePaths(app: FastifyInstance): ReadonlyMap<string, ReadonlySet<string>> {
  const paths = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const methods = paths.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    paths.set(url, methods);
  });
  return paths;
}

/** A path that is there, asked for in a way that is not: 405, and which ways there are (RFC 9110, section 15.5.6). */
function refuseOtherMethods(
  app: FastifyInstance,
  paths: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const [url, methods] of new Map(paths)) {
    if (url.includes("*")) continue;
    const allow = [...methods].join(", ");
    const others = (["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const).filter(
      (method) => !methods.has(method),
    );
    app.route({
      method: others,
      url,
      schema: { hide: true },
      onRequest: async (request, reply) => {
        const detail = `there is no ${request.method} here, but ${allow}`;
        reply.header("allow", allow);
        return answerProblem(reply, { type: "about:blank", status: 405, detail, code: "NotFound" });
      },
      handler: async () => undefined,
    });
  }
}

function useProblems(app: FastifyInstance, context: ApiContext, baseUrl: string | null): void {
  app.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error, baseUrl);
    noteRefusal(request, problem.code);
    if (problem.status >= 500) {
      // A cluster that does not answer is no fault of this server.
      const level = isOfCluster(error) ? "warn" : "error";
      context.log[level](
        { requestId: request.id, route: request.routeOptions.url, err: error },
        "request failed",
      );
    }
    if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="octoplane"');
    return answerProblem(reply, problem);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const detail = `there is no route ${request.method} ${request.url.split("?")[0]}`;
    return answerProblem(reply, { type: "about:blank", status: 404, detail, code: "NotFound" });
  });
}

function isOfCluster(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof KubeError;
}

function answerProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type("application/problem+json").send(JSON.stringify(problem));
}

function useIdentity(app: FastifyInstance, context: ApiContext, rate: Rate): void {
  const rateLimit = new RateLimit(rate, context.resources.parts.clock);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    reply.header("x-request-id", request.id);
    const path = request.url.split("?")[0]!;
    if (path === "/docs" || path.startsWith("/docs/")) return;
    // The documentation is the one page there is; it brings a policy of its own.
    reply.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    if (openPaths.has(path)) return;
    const { headers, raw } = request;
    const { authenticator } = context;
    const hook = hookUserOf(
      { method: request.method, route: request.routeOptions.url },
      headers.authorization !== undefined ||
        Boolean(authenticator.certificates?.userOf(raw.socket)),
      authenticator.withoutCredentials,
    );
    const user = hook ?? (await authenticate(authenticator, headers.authorization, raw.socket));
    setUser(request, user);
    // All applications call as one user: none of them is kept out by what somebody else sends.
    const seconds = rateLimit.take(hook ? `${user.name} ${request.ip}` : user.name);
    if (seconds === 0) return;
    reply.header("retry-after", String(seconds));
    throw failure("TooManyRequests", `${user.name} sends too many requests`);
  });
}

const securityHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};

function useMetrics(app: FastifyInstance, context: ApiContext): void {
  const requests = context.metrics.counter(
    "octoplane_requests_total",
    "Requests by route and status.",
    ["method", "route", "status"],
  );
  const seconds = context.metrics.seconds("octoplane_request_seconds", "Time of a request.", [
    "method",
  ]);
  app.addHook("onResponse", async (request, reply) => {
    const { method } = request;
    requests.inc({ method, route: request.routeOptions.url ?? "none", status: reply.statusCode });
    seconds.observe({ method }, reply.elapsedTime / 1_000);
  });
}

/** The OpenAPI document, and a page to read and try it that needs nothing from elsewhere. */
async function useDocumentation(app: FastifyInstance, context: ApiContext): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Octoplane",
        description: "One REST API in front of many Kubernetes clusters.",
        version: context.version,
      },
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
      security: [{ bearer: [] }],
    },
  });
  app.addHook("onRoute", ({ schema }) => {
    if (!schema || schema.hide === true) return;
    schema.response = { ...(schema.response as object | undefined), default: problemAnswer };
  });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
}
