import type { FastifyRequest } from "fastify";
import type { Expectation } from "@octoplane/resources/update-rules";
import { pointAt, type Parsed } from "@octoplane/kinds/constraint-text";
import { fieldsMatch, parseFieldSelector } from "@octoplane/kinds/field-selector";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { labelsMatch, parseLabelSelector } from "@octoplane/kinds/label-selector";
import { parseVersion } from "@octoplane/resources/record";
import { invalid } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { wantsServerSentEvents } from "./watch-format.ts";

/** Query parameters and headers, read and checked. */

function queryOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  return request.query as Readonly<Record<string, unknown>>;
}

function textOf(request: FastifyRequest, name: string): string | undefined {
  const value = queryOf(request)[name];
  if (value === undefined || typeof value === "string") return value;
  throw invalid([{ field: name, message: "expected once" }]);
}

/** A presence flag: `?watch` and `?watch=anything` alike (contract section 1.5). An `EventSource` wants nothing else. */
export function wantsWatch(request: FastifyRequest): boolean {
  return Object.hasOwn(queryOf(request), "watch") || wantsServerSentEvents(request);
}

export function wantsBookmarks(request: FastifyRequest): boolean {
  return Object.hasOwn(queryOf(request), "bookmarks");
}

/** Only the literal `True` forces, as Krake has it; `true` is taken too. */
export function isForced(request: FastifyRequest): boolean {
  const text = textOf(request, "force");
  if (text === undefined || text === "False" || text === "false") return false;
  if (text === "True" || text === "true") return true;
  throw invalid([{ field: "force", message: "expected True or False" }]);
}

/** The states of Krake's applications and clusters: a wait for any other would last to its end. */
const states: ReadonlySet<string> = new Set([
  "PENDING",
  "TRANSLATING",
  "CREATING",
  "RECONCILING",
  "RUNNING",
  "RESTARTING",
  "COMPLETED",
  "DEGRADED",
  "MIGRATING",
  "WAITING_FOR_CLUSTER_CREATION",
  "WAITING_FOR_CLEANING",
  "READY_FOR_ACTION",
  "DELETING",
  "DELETED",
  "FAILED",
  "RETRYING",
  "FAILING_RECONCILIATION",
  "CONNECTING",
  "ONLINE",
  "OFFLINE",
  "UNHEALTHY",
  "NOTREADY",
  "FAILING_METRICS",
]);

/** The state that an answer is to wait for, in capitals; `undefined`: none. */
export function readBlocking(request: FastifyRequest): string | undefined {
  const text = textOf(request, "blocking");
  if (text === undefined || text === "False") return undefined;
  const state = text.toUpperCase();
  if (states.has(state)) return state;
  throw invalid([{ field: "blocking", message: `expected one of ${[...states].join(", ")}` }]);
}

/** Seconds between heartbeats; 0 is none. */
export function readHeartbeat(request: FastifyRequest): number {
  return readInteger(request, "heartbeat", 0, 86_400) ?? limits.heartbeatSeconds;
}

/**
 * The store's revision after which a watch begins; `undefined` is now. That of a list or a bookmark, or of the last object
 * that a watch has shown: of its two halves the newer one counts.
 */
export function readSince(request: FastifyRequest): bigint | undefined {
  // A browser that comes back says where it was, and its address still says where it began.
  const last = wantsServerSentEvents(request) ? request.headers["last-event-id"] : undefined;
  const text = [last].flat()[0] ?? textOf(request, "resource_version");
  if (text === undefined || text === "") return undefined;
  const version = parseVersion(text);
  if (!version) {
    const message = "expected the resource version of a list, a bookmark or an object";
    throw invalid([{ field: "resource_version", message }]);
  }
  const { object, status = 0n } = version;
  return object > status ? object : status;
}

/** True for `dryRun=All`, the one value that there is: everything is checked, nothing is written. */
export function isDryRun(request: FastifyRequest): boolean {
  const text = textOf(request, "dryRun");
  if (text === undefined) return false;
  if (text === "All") return true;
  throw invalid([{ field: "dryRun", message: "expected All" }]);
}

/** `Invalid` for a dry run where there is none: whoever asks for one must not find that something was written. */
export function refuseUnknownDryRun(request: FastifyRequest): void {
  if (request.method === "GET" || !Object.hasOwn(queryOf(request), "dryRun")) return;
  const schema = request.routeOptions.schema?.querystring as
    | { readonly properties?: object }
    | undefined;
  if (Object.hasOwn(schema?.properties ?? {}, "dryRun")) return;
  throw invalid([{ field: "dryRun", message: "there is no dry run of this request" }]);
}

/** The repository's option for a request that may be a dry run. */
export function dryRunOf(request: FastifyRequest): { readonly dryRun: boolean } {
  return { dryRun: isDryRun(request) };
}

/** True for `view=summary`: without what is large. */
export function wantsSummary(request: FastifyRequest): boolean {
  const text = textOf(request, "view");
  if (text === undefined || text === "full") return false;
  if (text === "summary") return true;
  throw invalid([{ field: "view", message: "expected full or summary" }]);
}

/** What `labelSelector` and `fieldSelector` choose. */
export interface Selection {
  readonly matches: (resource: AnyResource) => boolean;
  /** The name of the one object that they can choose. */
  readonly name: string | undefined;
}

/** `undefined`: they choose everything. */
export function readSelection(kind: AnyKind, request: FastifyRequest): Selection | undefined {
  const labels = readSelector(request, "labelSelector", parseLabelSelector);
  const fields = readSelector(request, "fieldSelector", (text) => parseFieldSelector(kind, text));
  if (labels.length === 0 && fields.length === 0) return undefined;
  return {
    matches: (resource) =>
      labelsMatch(labels, resource.metadata.labels) && fieldsMatch(fields, resource),
    name: fields.find(({ field, isEqual }) => isEqual && field.join(".") === "metadata.name")
      ?.value,
  };
}

function readSelector<T>(
  request: FastifyRequest,
  name: string,
  parse: (text: string) => Parsed<readonly T[]>,
): readonly T[] {
  const text = textOf(request, name) ?? "";
  const parsed = parse(text);
  if (parsed.ok) return parsed.constraint;
  const message = `at character ${parsed.at + 1}: ${pointAt(text, parsed)}`;
  throw invalid([{ field: name, message }]);
}

export function readListQuery(request: FastifyRequest): {
  readonly limit?: number;
  readonly next?: string;
} {
  const limit = readInteger(request, "limit", 1, limits.listPageMax);
  const next = textOf(request, "continue");
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(next === undefined || next === "" ? {} : { next }),
  };
}

export function readIfMatch(request: FastifyRequest): Expectation {
  const header = request.headers["if-match"];
  if (header === undefined) return {};
  return { ifMatch: header.replace(/^W\//, "").replace(/^"(.*)"$/, "$1") };
}

/** What a deletion expects: the header `If-Match`, and `uid` in the query. */
export function readPreconditions(request: FastifyRequest): Expectation {
  const uid = textOf(request, "uid");
  return { ...readIfMatch(request), ...(uid === undefined ? {} : { uid }) };
}

function readInteger(
  request: FastifyRequest,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = textOf(request, name);
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid([{ field: name, message: `expected a whole number from ${least} to ${most}` }]);
}
