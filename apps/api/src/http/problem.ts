import { messageOf, OctoplaneError, type ErrorCode } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** Errors as answers: RFC 7807, with Krake's titles and status codes. The one place where codes become HTTP. */

export interface Problem {
  readonly type: string;
  readonly title?: string;
  readonly status: number;
  readonly detail?: string;
  /** Stable, for programs. */
  readonly code: ErrorCode;
  /** What is wrong where, for a body that was refused. */
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

const answers: Readonly<Record<ErrorCode, { readonly status: number; readonly title?: string }>> = {
  NotFound: { status: 404, title: "NOT_FOUND_ERROR" },
  AlreadyExists: { status: 409, title: "RESOURCE_ALREADY_EXISTS" },
  Conflict: { status: 409, title: "TRANSACTION_ERROR" },
  NoChange: { status: 400, title: "UPDATE_ERROR" },
  Immutable: { status: 400, title: "UPDATE_ERROR" },
  Terminating: { status: 409, title: "UPDATE_ERROR" },
  Invalid: { status: 422 },
  Unparsable: { status: 415 },
  TooLarge: { status: 413 },
  Compacted: { status: 410 },
  Unauthenticated: { status: 401 },
  Forbidden: { status: 403 },
  Unavailable: { status: 503 },
  Timeout: { status: 504 },
  TooManyRequests: { status: 429 },
  Internal: { status: 500 },
};

export function problemOf(error: unknown, baseUrl: string | null): Problem {
  const known = error instanceof OctoplaneError ? error : fromFramework(error);
  const { status, title } = answers[known.code];
  const slug = title?.toLowerCase().replaceAll("_", "-");
  return {
    type: slug !== undefined && baseUrl !== null ? `${baseUrl}#${slug}` : "about:blank",
    ...(title === undefined ? {} : { title }),
    status,
    // What went wrong inside is for the log, not for whoever asked.
    ...(known.code === "Internal"
      ? { detail: "internal error" }
      : { detail: messageOf(withoutCause(known)) }),
    code: known.code,
    ...(known.fields.length === 0 ? {} : { errors: known.fields }),
  };
}

function withoutCause(error: OctoplaneError): Error {
  return new Error(error.message);
}

/** What the web framework refuses before any of our code runs. */
function fromFramework(error: unknown): OctoplaneError {
  const { code } = error as { readonly code?: string };
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new OctoplaneError(
        "TooLarge",
        `expected at most ${limits.bodyBytesMax} bytes of body`,
      );
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new OctoplaneError("Unparsable", "expected a body of type application/json");
    case "FST_ERR_BAD_URL":
      return new OctoplaneError("NotFound", "the path is not a path: wrong percent-encoding");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new OctoplaneError("NotFound", "no name is that long");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new OctoplaneError("Unparsable", "the body is not as long as its Content-Length says");
    default:
  }
  return new OctoplaneError("Internal", "internal error", { cause: error });
}
