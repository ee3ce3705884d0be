import { messageOf, OctoplaneError, type ErrorCode } from "@octoplane/shared/errors";

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
  const { code, statusCode, message } = error as {
    readonly code?: string;
    readonly statusCode?: number;
    readonly message?: string;
  };
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new OctoplaneError("TooLarge", "the body is larger than 8 MiB");
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new OctoplaneError("Unparsable", "expected a body of type application/json");
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return new OctoplaneError("Unparsable", "expected a JSON body, found none");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new OctoplaneError("Unparsable", "the body is not as long as its Content-Length says");
    default:
  }
  if (error instanceof SyntaxError || statusCode === 400) {
    return new OctoplaneError("Unparsable", `the body is not JSON: ${message ?? ""}`);
  }
  return new OctoplaneError("Internal", "internal error", { cause: error });
}
