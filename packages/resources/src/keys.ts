import type { AnyKind } from "@octoplane/kinds/kind";

/**
 * Where things stand in the store. An object and its status are two records with one stem, so that both lie
 * side by side in a list and one watch sees both:
 *
 *     /registry/<api>/<plural>/[<namespace>/]<name>/object
 *     /registry/<api>/<plural>/[<namespace>/]<name>/status
 *     /decisions/<uid>/<slot>
 *     /events/<uid>/<slot>
 *     /revisions/<uid>/<slot>
 *     /metric-values/<uid>
 *     /fleet-journal/<namespace>/<writer>/<entry and what it is>
 *
 * No name holds a slash, so no stem begins another.
 */
export interface Ref {
  /** Absent for kinds that have no namespace. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export type Part = "object" | "status";

type Place = Pick<AnyKind, "api" | "plural" | "namespaced">;

export function kindPrefix(kind: Place, namespace?: string): string {
  const all = `/registry/${kind.api}/${kind.plural}/`;
  return kind.namespaced && namespace !== undefined ? `${all}${namespace}/` : all;
}

/** What the keys of one object begin with, and no others. */
export function objectPrefix(kind: Place, ref: Ref): string {
  return `${kindPrefix(kind, ref.namespace)}${ref.name}/`;
}

export function partKey(kind: Place, ref: Ref, part: Part): string {
  return `${objectPrefix(kind, ref)}${part}`;
}

/** The way back from a key; undefined for a key that this version does not know. */
export function parsePartKey(
  kind: Place,
  key: string,
): { readonly ref: Ref; readonly part: Part } | undefined {
  const prefix = kindPrefix(kind);
  if (!key.startsWith(prefix)) return undefined;
  const parts = key.slice(prefix.length).split("/");
  const part = parts.pop();
  if (part !== "object" && part !== "status") return undefined;
  if (kind.namespaced) {
    const [namespace, name, ...rest] = parts;
    if (namespace === undefined || name === undefined || rest.length > 0) return undefined;
    return { ref: { namespace, name }, part };
  }
  const [name, ...rest] = parts;
  return name === undefined || rest.length > 0 ? undefined : { ref: { name }, part };
}

/** A text for maps and queues: `namespace/name`, or `name`. */
export function refText(ref: Ref): string {
  return ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
}

export function parseRef(text: string): Ref {
  const slash = text.indexOf("/");
  return slash < 0
    ? { name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

export function refOf(resource: {
  readonly metadata: { readonly namespace: string | null; readonly name: string };
}): Ref {
  const { namespace, name } = resource.metadata;
  return namespace === null ? { name } : { namespace, name };
}

export function decisionKey(uid: string, slot: number): string {
  return `${decisionPrefix(uid)}${String(slot).padStart(3, "0")}`;
}

export function decisionPrefix(uid: string): string {
  return `/decisions/${uid}/`;
}

export function eventKey(uid: string, slot: number): string {
  return `${eventPrefix(uid)}${String(slot).padStart(3, "0")}`;
}

export function eventPrefix(uid: string): string {
  return `/events/${uid}/`;
}

export function revisionKey(uid: string, slot: number): string {
  return `${revisionPrefix(uid)}${String(slot).padStart(3, "0")}`;
}

export function revisionPrefix(uid: string): string {
  return `/revisions/${uid}/`;
}

export function metricValueKey(uid: string): string {
  return `/metric-values/${uid}`;
}

/** The journal of a namespace's fleet, or of every namespace's. */
export function fleetPrefix(namespace?: string, writer?: string): string {
  if (namespace === undefined) return "/fleet-journal/";
  return writer === undefined
    ? `/fleet-journal/${namespace}/`
    : `/fleet-journal/${namespace}/${writer}/`;
}
