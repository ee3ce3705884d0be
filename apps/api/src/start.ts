import type { AddressInfo } from "node:net";
import type { SecureContextOptions, Server } from "node:tls";
import type { FastifyInstance } from "fastify";
import { kinds } from "@octoplane/kinds/registry";
import { AuditLog } from "@octoplane/resources/audit-log";
import type { Resources } from "@octoplane/resources/resources";
import { messageOf, failure } from "@octoplane/shared/errors";
import type { Running } from "@octoplane/shared/lifecycle";
import { parseListen } from "@octoplane/shared/listen";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import { weakAccess } from "@octoplane/shared/weak-settings";
import type { ApiContext } from "./api-context.ts";
import { authenticatorOf } from "./auth/authenticator.ts";
import { Authorizer } from "./auth/authorizer.ts";
import { RoleBook } from "./auth/role-book.ts";
import type { TokenSigner } from "./auth/signed-token.ts";
import { Standing } from "./auth/standing.ts";
import { bootstrapRoles } from "./bootstrap-roles.ts";
import { ClusterConnections } from "./clusters/cluster-connections.ts";
import { readCertificates, reloadCertificates } from "./http/certificate-files.ts";
import { closerOf } from "./http/closing.ts";
import { ResourceTexts } from "./http/resource-texts.ts";
import { readCorsOrigin } from "./http/cors.ts";
import type { ApiConfig } from "./config.ts";
import { FleetCache } from "./placement/fleet-cache.ts";
import { buildServer } from "./server.ts";

export interface ApiParts {
  readonly resources: Resources;
  readonly signer: TokenSigner;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly version: string;
  /** Looks at the key files now; absent where the keys come from no file. */
  readonly lookAtKeys?: () => Promise<void>;
}

/** Starts the API server; `address` of what is returned is where it listens. */
export async function start(
  config: ApiConfig,
  parts: ApiParts,
): Promise<Running & { readonly address: string }> {
  const listen = parseListen(config.listen);
  if (!listen)
    throw failure(
      "Invalid",
      `listen: expected address:port, such as 127.0.0.1:8080, found ${config.listen}`,
    );
  const { resources, log } = parts;
  for (const { at, text } of weakAccess(config)) log.warn({ at }, text);
  await bootstrapRoles(resources, config.bootstrap, log);
  const roles = new RoleBook(resources);
  await roles.start();
  const standing = new Standing(resources, log);
  await standing.start();
  // Lists and watches are served from memory; they begin to do so before the first request.
  await Promise.all(kinds.map((kind) => resources.feed(kind).ready()));
  const closing = new AbortController();
  const context: ApiContext = {
    ...parts,
    roles,
    authenticator: await authenticatorOf(config, { ...parts, standing }),
    authorizer: new Authorizer(config.authorization, roles),
    texts: new ResourceTexts(),
    fleets: new FleetCache(resources.parts),
    closing: closing.signal,
    connections: new ClusterConnections(resources, log),
  };
  const { tls } = config;
  const auditLog = new AuditLog(resources.parts, { log, most: config.audit_records });
  const certificates = tls.enabled ? await readCertificates(tls) : undefined;
  const server = await buildServer(context, {
    problemBaseUrl: config.docs.problem_base_url,
    corsOrigin: readCorsOrigin(config.authentication.cors_origin),
    requestTimeoutMs: config.request_timeout * 1_000,
    rate: config.rate_limit,
    auditLog,
    issuers: config.authentication.oidc,
    certificates,
  });
  const close = closerOf(server, resources.parts.clock);
  await server.listen(listen).catch((error: unknown) => {
    const inUse = (error as { readonly code?: string }).code === "EADDRINUSE";
    const reason = inUse
      ? "the port is in use (another one: --listen 127.0.0.1:0)"
      : messageOf(error);
    throw failure("Unavailable", `cannot listen on ${config.listen}: ${reason}`, { cause: error });
  });
  const { port } = server.server.address() as AddressInfo;
  const reload = certificates && reloadOf(tls, certificates, server, context);
  return {
    address: `${tls.enabled ? "https" : "http"}://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${port}`,
    async [Symbol.asyncDispose]() {
      closing.abort();
      reload?.[Symbol.dispose]();
      await close();
      await context.connections[Symbol.asyncDispose]();
      await auditLog[Symbol.asyncDispose]();
      await standing[Symbol.asyncDispose]();
      roles[Symbol.dispose]();
    },
  };
}

function reloadOf(
  tls: ApiConfig["tls"],
  certificates: SecureContextOptions,
  app: FastifyInstance,
  { resources, log }: ApiContext,
): Disposable {
  // With certificates the server is one of TLS; the framework's type does not tell.
  const server = app.server as unknown as Server;
  const apply = (options: SecureContextOptions): void => server.setSecureContext(options);
  return reloadCertificates(tls, certificates, apply, { clock: resources.parts.clock, log });
}
