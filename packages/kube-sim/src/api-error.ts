/**
 * Failures as Kubernetes answers them: an HTTP status and a `Status` object with a reason that
 * programs read. The wordings follow k8s.io/apimachinery (pkg/api/errors), because people and
 * programs know them.
 */

/** One thing that is wrong with one field. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface ErrorDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

/** What an error needs to know about a kind in order to name it. */
export interface NamedKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
}

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: ErrorDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: ErrorDetails) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The `Status` object that is the body of the answer. */
  status(): Record<string, unknown> {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      ...(this.reason === "" ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

function qualified(kind: NamedKind): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}

function detailsOf(kind: NamedKind, name: string): ErrorDetails {
  return { name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.plural };
}

export function notFound(kind: NamedKind, name: string): ApiError {
  return new ApiError(
    404,
    "NotFound",
    `${qualified(kind)} "${name}" not found`,
    detailsOf(kind, name),
  );
}

export function alreadyExists(kind: NamedKind, name: string): ApiError {
  const message = `${qualified(kind)} "${name}" already exists`;
  return new ApiError(409, "AlreadyExists", message, detailsOf(kind, name));
}

/** The object changed since the client read it. */
export function staleWrite(kind: NamedKind, name: string): ApiError {
  const message =
    `Operation cannot be fulfilled on ${qualified(kind)} "${name}": ` +
    "the object has been modified; please apply your changes to the latest version and try again";
  return new ApiError(409, "Conflict", message, detailsOf(kind, name));
}

export function preconditionFailed(kind: NamedKind, name: string, message: string): ApiError {
  const qualifiedKind = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const text = `Operation cannot be fulfilled on ${qualifiedKind} "${name}": ${message}`;
  return new ApiError(409, "Conflict", text, { ...detailsOf(kind, name), kind: kind.kind });
}

export function forbidden(
  kind: NamedKind,
  name: string,
  why: { readonly message: string; readonly causes?: readonly Cause[] },
): ApiError {
  const details = detailsOf(kind, name);
  return new ApiError(
    403,
    "Forbidden",
    `${qualified(kind)} "${name}" is forbidden: ${why.message}`,
    why.causes === undefined ? details : { ...details, causes: why.causes },
  );
}

/** 422 with one cause per field. */
export function invalidObject(kind: NamedKind, name: string, causes: readonly Cause[]): ApiError {
  const qualifiedKind = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const texts = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new ApiError(422, "Invalid", `${qualifiedKind} "${name}" is invalid: ${list}`, {
    ...(name === "" ? {} : { name }),
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}

export function expired(message: string): ApiError {
  return new ApiError(410, "Expired", message);
}

export function unauthorized(): ApiError {
  return new ApiError(401, "Unauthorized", "Unauthorized");
}

/** There is no such kind, or not at this place. */
export function unknownResource(): ApiError {
  const message = "the server could not find the requested resource";
  return new ApiError(404, "NotFound", message, {});
}

export function methodNotAllowed(): ApiError {
  return new ApiError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {},
  );
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return new ApiError(
    415,
    "UnsupportedMediaType",
    "the body of the request was in an unknown format - accepted media types include: " +
      accepted.join(", "),
  );
}

// --- causes --------------------------------------------------------------------------------------

export function requiredField(field: string, detail = ""): Cause {
  const message = detail === "" ? "Required value" : `Required value: ${detail}`;
  return { reason: "FieldValueRequired", message, field };
}

export function invalidField(field: string, value: unknown, detail: string): Cause {
  const shown =
    typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? "null");
  return { reason: "FieldValueInvalid", message: `Invalid value: ${shown}: ${detail}`, field };
}

export function duplicateField(field: string, value: unknown): Cause {
  return {
    reason: "FieldValueDuplicate",
    message: `Duplicate value: ${JSON.stringify(value)}`,
    field,
  };
}

export function forbiddenField(field: string, detail: string): Cause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${detail}`, field };
}

export function unsupportedValue(
  field: string,
  value: unknown,
  supported: readonly string[],
): Cause {
  const list = supported.map((entry) => JSON.stringify(entry)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: "FieldValueNotSupported", message, field };
}
