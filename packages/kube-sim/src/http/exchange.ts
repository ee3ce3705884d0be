/** One request and its answer, with the JSON around them. */
import { messageOf } from "@octoplane/shared/errors";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { limits } from "@octoplane/shared/limits";
import { parse } from "yaml";
import { ApiError, badRequest, unsupportedMediaType } from "../api-error.ts";
import { isMap, type JsonMap } from "../json.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Below the prefix of the cluster. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Present when the client wants to leave HTTP; what it sent already comes first. */
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer };
}

export function sendJson(
  exchange: Exchange,
  code: number,
  body: unknown,
  options: { readonly type?: string; readonly warnings?: readonly string[] } = {},
): void {
  const { response } = exchange;
  if (response.headersSent || response.destroyed) return;
  response.statusCode = code;
  response.setHeader("content-type", options.type ?? "application/json");
  const warnings = options.warnings ?? [];
  if (warnings.length > 0) {
    // RFC 7234, section 5.5: code, agent, quoted text.
    const values = warnings.map((text) => `299 - "${text.replaceAll(/["\\]/gu, "\\$&")}"`);
    response.setHeader("warning", values);
  }
  response.end(`${JSON.stringify(body)}\n`);
}

export function sendText(exchange: Exchange, code: number, text: string): void {
  if (exchange.response.headersSent || exchange.response.destroyed) return;
  exchange.response.statusCode = code;
  exchange.response.setHeader("content-type", "text/plain; charset=utf-8");
  exchange.response.end(text);
}

export function sendError(exchange: Exchange, error: ApiError): void {
  const seconds = error.details?.retryAfterSeconds;
  if (seconds !== undefined && !exchange.response.headersSent) {
    exchange.response.setHeader("retry-after", String(seconds));
  }
  sendJson(exchange, error.code, error.status());
}

/** Reads the body, at most as large as an API server takes it. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > limits.simBodyBytesMax) {
      const text = `Request entity too large: limit is ${limits.simBodyBytesMax}`;
      throw new ApiError(413, "RequestEntityTooLarge", text);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Protobuf is what some clients try first; they fall back to JSON when it is refused. */
export function refuseProtobuf(request: IncomingMessage): void {
  if ((request.headers["content-type"] ?? "").includes("protobuf")) {
    throw unsupportedMediaType(["application/json", "application/yaml"]);
  }
}

/** JSON, or YAML as the API server reads it. */
export function parseBody(body: Buffer): unknown {
  const text = body.toString("utf8");
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, so it is YAML.
  }
  try {
    return parse(text, { version: "1.1", merge: true, uniqueKeys: false, logLevel: "silent" });
  } catch (error) {
    const reason = messageOf(error);
    throw badRequest(`error decoding YAML: ${reason}`);
  }
}

export function parseObject(body: Buffer): JsonMap {
  const value = parseBody(body);
  if (!isMap(value)) throw badRequest("the object provided is unrecognized: it is no JSON object");
  return value;
}
