import { textOf } from "@octoplane/shared/text-of";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { KubeError } from "./kube.ts";
import { readPatchProblems, type PatchProblem } from "./patch-problem.ts";

/**
 * From what went wrong to a KubeError: answers of the server (Status objects of Kubernetes) and
 * connections that gave no answer. Pure but for the clock that reads a date in `Retry-After`.
 */

/** An answer that is no success. */
export interface FailedAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

interface StatusDetails {
  readonly name?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly { reason?: string; message?: string; field?: string }[];
}

interface StatusObject {
  readonly kind: "Status";
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: StatusDetails;
}

/**
 * Answers that pass by themselves, besides 5xx: too slow, a conflict, too old a version, too many
 * requests.
 */
const passingStatuses: readonly number[] = [408, 409, 410, 429];

export function answerFailure(answer: FailedAnswer, clock: Pick<Clock, "now">): KubeError {
  const status = parseStatus(answer.body);
  if (answer.status === 404 && status?.details?.name === undefined) {
    return new KubeError("the cluster does not serve this kind (any more)", {
      status: 404,
      reason: "KindNotServed",
      retry: true,
    });
  }
  return statusFailure(status ?? {}, answer.status, retryAfterMs(answer.retryAfter, clock));
}

/**
 * The error of a Status object; `code` is the HTTP status of the answer, or what the object says in
 * a watch.
 */
export function statusFailure(
  status: Partial<StatusObject>,
  code: number,
  headerRetryAfterMs?: number,
): KubeError {
  const problems = readPatchProblems(status.message ?? "");
  if (problems) return misfit(status.message ?? "", code, problems);
  const message = shorten(status.message || `the cluster answered with status ${code}`);
  const causes = status.details?.causes ?? [];
  const seconds = status.details?.retryAfterSeconds;
  return new KubeError(message, {
    status: code,
    reason: status.reason || reasonOf(code),
    retry: passes(status, code),
    causes: causes.map((cause) => ({ field: cause.field ?? "", message: cause.message ?? "" })),
    retryAfterMs: headerRetryAfterMs ?? (seconds === undefined ? undefined : seconds * 1_000),
  });
}

/**
 * The object does not fit its kind: that is for its author to change, whatever the status of the
 * answer says.
 */
function misfit(message: string, code: number, problems: readonly PatchProblem[]): KubeError {
  return new KubeError(shorten(message), {
    status: code,
    reason: "Invalid",
    retry: false,
    causes: problems.map((problem) => ({
      field: problem.path.replace(/^\./, ""),
      message: problem.message,
    })),
  });
}

/** The Status object in a text, if it is one. */
export function parseStatus(text: string): StatusObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isStatus(value: unknown): value is StatusObject {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "Status";
}

function passes(status: Partial<StatusObject>, code: number): boolean {
  if (status.reason === "AlreadyExists") return false;
  if (code >= 500 || passingStatuses.includes(code)) return true;
  // An admission webhook that is not up yet, and a namespace on its way out, are no verdict on the
  // object.
  const leaving = status.details?.causes?.some((cause) => cause.reason === "NamespaceTerminating");
  return leaving === true || /failed calling webhook/.test(status.message ?? "");
}

function reasonOf(code: number): string {
  const reasons: Readonly<Record<number, string>> = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    413: "RequestEntityTooLarge",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
  };
  return reasons[code] ?? "Unknown";
}

/** RFC 9110, 10.2.3: seconds or a date. */
function retryAfterMs(header: string | undefined, clock: Pick<Clock, "now">): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*[0-9]+\s*$/.test(header)) return Number(header) * 1_000;
  const moment = Date.parse(header);
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - clock.now());
}

/**
 * OpenSSL's verdicts on a chain (X509_V_ERR_*) as Node names them, and Node's own on the host name.
 */
const foreignCertificate: readonly string[] = [
  "ERR_TLS_CERT_",
  "CERT_",
  "UNABLE_TO_",
  "DEPTH_ZERO_",
  "SELF_SIGNED_",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_",
  "HOSTNAME_MISMATCH",
  "ERROR_IN_CERT_",
  "CRL_",
];

/** The error of a request that got no answer. */
export function networkFailure(error: unknown, server: string): KubeError {
  if (error instanceof KubeError) return error;
  const { code, text } = describe(error);
  if (foreignCertificate.some((start) => code.startsWith(start))) {
    return new KubeError(
      `the certificate of ${server} is not trusted (${text}); ` +
        "check certificate-authority-data and the host name in the kubeconfig",
      { status: 0, reason: "ForeignCertificate", retry: false },
    );
  }
  return unreachable(`no answer from ${server} (${text})`);
}

export function unreachable(message: string): KubeError {
  return new KubeError(message, { status: 0, reason: "Unreachable", retry: true });
}

/** Somebody answered, but not as an API server does; behind a gateway that may pass. */
export function notKubernetes(problem: string): KubeError {
  return new KubeError(`the server is no API server of Kubernetes: ${problem}`, {
    status: 0,
    reason: "NotKubernetes",
    retry: true,
  });
}

function describe(error: unknown): { readonly code: string; readonly text: string } {
  if (!(error instanceof Error)) return { code: "", text: textOf(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // Attempts on several addresses come as one error without a text of its own.
  const inner: readonly unknown[] =
    error instanceof AggregateError ? error.errors : error.cause ? [error.cause] : [];
  const texts = inner.map((part) => describe(part).text);
  const text = error.message || texts.join(", ") || code || error.name;
  return { code: code || inner.map((part) => describe(part).code).join(""), text: shorten(text) };
}

function shorten(text: string): string {
  const most = limits.messageCharsMax;
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
