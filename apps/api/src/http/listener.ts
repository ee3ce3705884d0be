import type { Server, ServerOptions } from "node:http";
import { createServer } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { FastifyHttpOptions } from "fastify";
import { limits } from "@octoplane/shared/limits";
import { wantsUpgrade } from "./upgrades.ts";

/**
 * The server below the web framework, over TLS when there are certificates. A client that sends its request slowly is cut
 * off after the time (in milliseconds), and so is one that does not come to its end with TLS. One that shows no certificate
 * is let in (Krake's CERT_OPTIONAL); what a certificate is worth is judged request by request.
 */
export function listenerOptions(
  certificates: SecureContextOptions | undefined,
  requestTimeoutMs: number,
): FastifyHttpOptions<Server> {
  const timing: ServerOptions = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.slowClientCheckMs, requestTimeoutMs),
    keepAliveTimeout: limits.keepAliveMs,
    shouldUpgradeCallback: wantsUpgrade,
  };
  if (!certificates) {
    const keepAliveTimeout = limits.keepAliveMs;
    return { http: timing, requestTimeout: requestTimeoutMs, keepAliveTimeout };
  }
  const options = {
    ...timing,
    ...certificates,
    handshakeTimeout: requestTimeoutMs,
    requestCert: certificates.ca !== undefined,
    rejectUnauthorized: false,
  };
  // The framework's types know one kind of server; what it and we use of them is the same.
  return { serverFactory: (handler) => createServer(options, handler) as unknown as Server };
}
