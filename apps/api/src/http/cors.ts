import { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { failure } from "@octoplane/shared/errors";
import { isUpgrade } from "./upgrades.ts";

/**
 * Cross-origin requests of pages in a browser (Fetch standard, section 3.2), for one configured origin; none without it.
 * Credentials that a browser adds by itself are allowed for a named origin only: with `*` any page could use them.
 */
export function useCors(app: FastifyInstance, allowed: string | undefined): void {
  app.addHook("onRequest", async (request) => demandOwnPage(request, allowed));
  if (allowed === undefined) return;
  app.addHook("onRequest", async (request, reply) => {
    const { origin } = request.headers;
    if (allowed !== "*") reply.header("vary", "origin");
    if (origin === undefined || (allowed !== "*" && origin !== allowed)) return undefined;
    reply.header("access-control-allow-origin", allowed);
    reply.header("access-control-expose-headers", "etag, warning, x-request-id");
    if (allowed !== "*") reply.header("access-control-allow-credentials", "true");
    const isPreflight =
      request.method === "OPTIONS" &&
      request.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return undefined;
    // A browser asks without credentials whether it may send the request: no identity is needed for that.
    return reply
      .header("access-control-allow-methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT")
      .header("access-control-allow-headers", "authorization, content-type, if-match")
      .header("access-control-max-age", "600")
      .code(204)
      .send();
  });
}

/**
 * `Forbidden` for what a page of another origin sends to change something, or to open a stream: browsers send client certificates
 * along, whoever's page it is, and do not ask first for requests without a body, or for a stream. What only reads is
 * harmless: the answer is kept from the page.
 */
function demandOwnPage(request: FastifyRequest, allowed: string | undefined): void {
  if (/^(?:GET|HEAD|OPTIONS)$/.test(request.method) && !isUpgrade(request)) return;
  const { origin, host, "sec-fetch-site": site } = request.headers;
  // A browser says itself that a page is of our origin, which the name of a host behind a proxy may not.
  if (origin === undefined || origin === allowed || site === "same-origin") return;
  if (allowed === "*" && !hasCertificate(request)) return;
  if (URL.parse(origin)?.host === host) return;
  throw failure("Forbidden", `a page of ${origin} may not do this`);
}

function hasCertificate({ raw: { socket } }: FastifyRequest): boolean {
  return socket instanceof TLSSocket && socket.authorized;
}

/** An origin as browsers write it, `*`, or none. `Invalid` for anything else, which would match no request. */
export function readCorsOrigin(text: string | null): string | undefined {
  if (text === null || text === "*") return text ?? undefined;
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.origin === text) return text;
  const message = `authentication.cors_origin: expected an origin such as https://ui.example.org, or *; found ${text}`;
  throw failure("Invalid", message);
}
