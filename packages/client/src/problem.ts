import {
  failure,
  messageOf,
  type ErrorCode,
  type FieldProblem,
  type OctoplaneError,
} from "@octoplane/shared/errors";

/**
 * Answers and connections that fail, as errors of the closed set. The way back from
 * `application/problem+json`.
 */

/**
 * Codes that a server may name; a record, so that a code that is added to the set must be added
 * here.
 */
const knownCodes: Readonly<Record<ErrorCode, true>> = {
  NotFound: true,
  AlreadyExists: true,
  Conflict: true,
  NoChange: true,
  Immutable: true,
  Invalid: true,
  Unparsable: true,
  TooLarge: true,
  Terminating: true,
  Compacted: true,
  Unauthenticated: true,
  Forbidden: true,
  Unavailable: true,
  Timeout: true,
  TooManyRequests: true,
  Internal: true,
};

/** For answers that carry no code of ours: Krake's own server, or a proxy in between. */
const codesByStatus: Readonly<Record<number, ErrorCode>> = {
  400: "NoChange",
  401: "Unauthenticated",
  403: "Forbidden",
  404: "NotFound",
  408: "Timeout",
  409: "Conflict",
  410: "Compacted",
  413: "TooLarge",
  415: "Unparsable",
  422: "Invalid",
  429: "Unavailable",
  502: "Unavailable",
  503: "Unavailable",
  504: "Timeout",
};

/** What was asked for: for the message, when the answer itself says nothing. */
export interface Asked {
  readonly method: string;
  readonly url: string;
}

/** The error that an answer with a status of 400 or more stands for; `body` is its whole text. */
export function errorOfAnswer(status: number, body: string, asked: Asked): OctoplaneError {
  const problem = readProblem(body);
  const named = problem?.["code"];
  const code = isCode(named) ? named : (codesByStatus[status] ?? "Internal");
  const detail = problem?.["detail"] ?? problem?.["title"];
  const message =
    typeof detail === "string" && detail !== ""
      ? detail
      : `${asked.method} ${asked.url} was answered with status ${status}`;
  return failure(code, message, { fields: readFields(problem?.["errors"]) });
}

/** The error for a request that never got an answer. */
export function errorOfConnection(error: unknown, address: string): OctoplaneError {
  const reason = connectionReason(error);
  return failure(
    "Unavailable",
    `no server answers at ${address} (${reason}); "npm start" in the checkout starts one`,
    { cause: error },
  );
}

/** What `fetch` hides: its own error says "fetch failed" only, the reason is among the causes. */
function connectionReason(error: unknown): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection reset",
    ENOTFOUND: "the name is unknown",
    EAI_AGAIN: "the name cannot be looked up",
    EHOSTUNREACH: "no route to the host",
    ENETUNREACH: "no route to the network",
    ETIMEDOUT: "connection timed out",
    UND_ERR_CONNECT_TIMEOUT: "connection timed out",
    UND_ERR_SOCKET: "the connection broke",
  };
  for (let current: unknown = error, depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const { code } = current as { readonly code?: unknown };
    if (typeof code === "string") return words[code] ?? code;
    if (current.cause === undefined) return messageOf(current);
    current = current.cause;
  }
  return messageOf(error);
}

function readProblem(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    // A proxy may answer with a page for people; the status alone has to do.
    return undefined;
  }
}

function readFields(value: unknown): readonly FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isRecord)
    .flatMap(({ field, message }) =>
      typeof field === "string" && typeof message === "string" ? [{ field, message }] : [],
    );
}

function isCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(knownCodes, value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
