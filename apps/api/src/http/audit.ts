import { textOf } from "@octoplane/shared/text-of";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AuditEntry } from "@octoplane/kinds/audit-record";
import type { AuditLog } from "@octoplane/resources/audit-log";
import { isoTime } from "@octoplane/shared/clock";
import type { ErrorCode } from "@octoplane/shared/errors";
import { findUser, type ApiContext } from "../api-context.ts";
import { auditSubject } from "./audit-subject.ts";

const codes = new WeakMap<FastifyRequest, ErrorCode>();

/** Why a request was refused, for its audit record. */
export function noteRefusal(request: FastifyRequest, code: ErrorCode): void {
  codes.set(request, code);
}

const details = new WeakMap<FastifyRequest, string>();

/** What a record of this request tells beside its path. Never a secret. */
export function noteDetail(request: FastifyRequest, detail: string): void {
  details.set(request, detail);
}

/**
 * One record for every request that might change something or that hands out a secret, when it is over: a log line at once,
 * and an entry of the trail. Requests without a valid identity are log lines only: anyone could wash the trail away.
 */
export function useAudit(app: FastifyInstance, context: ApiContext, trail: AuditLog): void {
  app.addHook("onResponse", async (request, reply) => {
    const { url } = request.routeOptions;
    if (url === undefined) return;
    const subject = auditSubject(request.method, url, {
      params: request.params,
      body: request.body,
      isConnection: reply.statusCode === 101,
    });
    if (subject === undefined) return;
    const user = findUser(request);
    const code = codes.get(request) ?? null;
    const query = request.query as Readonly<Record<string, unknown>>;
    const entry: AuditEntry = {
      time: isoTime(context.resources.parts.clock.now() - reply.elapsedTime),
      user: user?.name ?? "",
      groups: (user?.groups ?? []).slice(0, groupsMost),
      from: request.socket.remoteAddress ?? "",
      client: (request.headers["user-agent"] ?? "").slice(0, textMost),
      method: request.method,
      path: (request.url.split("?")[0] ?? "").slice(0, textMost),
      ...subject,
      dry_run: query["dryRun"] === "All",
      force: /^true$/i.test(textOf(query["force"])),
      allowed: reply.statusCode !== 401 && reply.statusCode !== 403,
      status: reply.statusCode,
      code,
      duration_ms: Math.round(reply.elapsedTime),
      request_id: request.id,
      ...detailOf(request),
    };
    context.log.info({ audit: entry }, "audit");
    if (user) trail.append(entry);
  });
}

function detailOf(request: FastifyRequest): { readonly detail?: string } {
  const detail = details.get(request);
  return detail === undefined ? {} : { detail };
}

/** A record stays small, whatever a client calls itself. */
const textMost = 512;
const groupsMost = 64;
