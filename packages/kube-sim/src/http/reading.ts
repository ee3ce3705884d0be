/** GET of one object and of lists. */
import { ApiError, badRequest, expired } from "../api-error.ts";
import type { Cluster } from "../cluster.ts";
import { numberAt, textAt } from "../json.ts";
import { apiVersionOf, kindKey, type SimKind } from "../kind.ts";
import { fieldMatcher, labelMatcher, type Matcher } from "../selectors.ts";
import { keyOf, type SimObject } from "../sim-object.ts";

export interface Scope {
  readonly cluster: Cluster;
  readonly kind: SimKind;
  readonly namespace: string | undefined;
}

/** The object as this version of its kind shows it. */
export function inVersion(kind: SimKind, object: SimObject): SimObject {
  const apiVersion = apiVersionOf(kind);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** What the selectors of a query let through; undefined when there are none. */
export function matcherOf(query: URLSearchParams): Matcher | undefined {
  const labels = query.get("labelSelector") ?? "";
  const fields = query.get("fieldSelector") ?? "";
  if (labels === "" && fields === "") return undefined;
  const byLabel = labels === "" ? () => true : labelMatcher(labels);
  const byField = fields === "" ? () => true : fieldMatcher(fields);
  return (object) => byLabel(object) && byField(object);
}

/** All objects of a scope that the query selects. */
export function selected(scope: Scope, query: URLSearchParams): readonly SimObject[] {
  const objects = scope.cluster.storage.list(kindKey(scope.kind), scope.namespace);
  const matches = matcherOf(query);
  return matches === undefined ? objects : objects.filter(matches);
}

/**
 * A list, or a page of one when the query has a limit. Unlike a real server's, later pages show the
 * objects as they are by then: whoever watches from the version of the list ends up right either way.
 */
export function listDocument(scope: Scope, query: URLSearchParams): Record<string, unknown> {
  const { cluster, kind } = scope;
  const all = selected(scope, query);
  const limit = Number(query.get("limit") ?? 0);
  const token = readToken(cluster, query.get("continue") ?? "");
  const rest = token === undefined ? all : all.filter((object) => keyOf(object) > token.after);
  const items = limit > 0 ? rest.slice(0, limit) : rest;
  const left = rest.length - items.length;
  // Later pages report the version of the first, so that a watch from there misses nothing.
  const revision = token?.revision ?? cluster.storage.revision;
  const last = items.at(-1);
  const more =
    left > 0 && last !== undefined
      ? { continue: writeToken(revision, keyOf(last)), remainingItemCount: left }
      : {};
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: { resourceVersion: String(revision), ...more },
    items: items.map((object) => listItem(kind, object)),
  };
}

/** Built-in kinds do not repeat their name in each item of a list; custom ones do. */
function listItem(kind: SimKind, object: SimObject): Record<string, unknown> {
  if (kind.custom !== undefined) return inVersion(kind, object);
  const { apiVersion: _apiVersion, kind: _kind, ...item } = object;
  return item;
}

interface Token {
  readonly revision: number;
  readonly after: string;
}

function writeToken(revision: number, after: string): string {
  return Buffer.from(JSON.stringify({ revision, after })).toString("base64url");
}

function readToken(cluster: Cluster, text: string): Token | undefined {
  if (text === "") return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    throw badRequest("continue key is not valid");
  }
  const after = textAt(parsed, "after");
  const revision = numberAt(parsed, "revision");
  if (after === undefined || revision === undefined || !Number.isInteger(revision)) {
    throw badRequest("continue key is not valid");
  }
  if (cluster.storage.since(revision) === undefined) {
    throw expired(
      "The provided continue parameter is too old to display a consistent list result. You can " +
        "start a new list without the continue parameter.",
    );
  }
  return { revision, after };
}

/** A resource version as a number; 400 for what is none. */
export function parseRevision(text: string): number {
  const revision = Number(text);
  if (!Number.isInteger(revision) || revision < 0) {
    throw new ApiError(400, "BadRequest", `invalid resource version "${text}"`);
  }
  return revision;
}
