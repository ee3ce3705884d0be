import { textOf } from "./text-of.ts";
/**
 * The closed set of errors. Every failure that a person or a client may see is one of these; the code is
 * stable, the message is for people. What is not an OctoplaneError is a bug and answered as `Internal`.
 */

export type ErrorCode =
  | "NotFound"
  | "AlreadyExists"
  | "Conflict"
  | "NoChange"
  | "Immutable"
  | "Invalid"
  | "Unparsable"
  | "TooLarge"
  | "Terminating"
  | "Compacted"
  | "Unauthenticated"
  | "Forbidden"
  | "Unavailable"
  | "Timeout"
  | "TooManyRequests"
  | "Internal";

/** One thing that is wrong with an input: where (a path such as `spec.manifest[0].kind`) and what was expected. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

export interface ErrorOptions {
  readonly cause?: unknown;
  readonly fields?: readonly FieldProblem[];
}

export class OctoplaneError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly FieldProblem[];

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? [];
    this.name = code;
  }
}

/** Builds an error of the closed set; reads better at the throw than `new`. */
export function failure(code: ErrorCode, message: string, options?: ErrorOptions): OctoplaneError {
  return new OctoplaneError(code, message, options);
}

/** An `Invalid` error from a list of field problems; the message names every one of them. */
export function invalid(fields: readonly FieldProblem[]): OctoplaneError {
  const text = fields.map((problem) =>
    problem.field === "" ? problem.message : `${problem.field}: ${problem.message}`,
  );
  return new OctoplaneError("Invalid", text.join("; "), { fields });
}

/** True when the value is an error of the closed set, with one of the codes if any are given. */
export function isFailure(error: unknown, ...codes: readonly ErrorCode[]): error is OctoplaneError {
  return error instanceof OctoplaneError && (codes.length === 0 || codes.includes(error.code));
}

/** The message of anything that was thrown, with its causes, once each. */
export function messageOf(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current !== undefined && parts.length < 5;) {
    const text = current instanceof Error ? current.message || current.name : textOf(current);
    if (!parts.includes(text)) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(": ");
}
