import { createHash } from "node:crypto";
import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import type { KubeObject, ObjectRef, ServedKind } from "@octoplane/kube/kube";
import { marked, type Owner } from "./mark.ts";
import { phaseOf, type Phase } from "./phase.ts";

/** What should stand on a cluster, worked out from the manifest and what the cluster serves. Pure. */

export interface DesiredObject {
  readonly id: string;
  readonly phase: Phase;
  readonly ref: ObjectRef;
  /** As it is applied: marked, and without what only a server may write. */
  readonly object: KubeObject;
  readonly digest: string;
}

/** An object that cannot be applied as things are, and why. */
export interface Unresolved {
  readonly id: string;
  readonly phase: Phase;
  readonly title: string;
  readonly message: string;
  /** True when the manifest brings the definition of this kind along: the cluster will serve it in a moment. */
  readonly isComing: boolean;
}

export interface Desired {
  readonly objects: readonly DesiredObject[];
  readonly unresolved: readonly Unresolved[];
}

/** Identity on a cluster: group, kind, namespace and name, never the version. */
export function objectId(item: {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null | undefined;
  readonly name: string;
}): string {
  return [item.group, item.kind, item.namespace ?? "", item.name].join("|");
}

export function desiredObjects(
  manifest: readonly ManifestObject[],
  cluster: { readonly served: readonly ServedKind[]; readonly defaultNamespace: string },
  owner: Owner,
): Desired {
  const objects: DesiredObject[] = [];
  const unresolved: Unresolved[] = [];
  const coming = kindsDefinedBy(manifest);
  for (const item of manifest) {
    const identity = identify(item);
    if ("problem" in identity) continue;
    const phase = phaseOf(identity);
    const served = findServed(cluster.served, identity);
    if (typeof served === "string") {
      const title = `${identity.kind} ${identity.name}`;
      const isComing = coming.has(`${identity.group}/${identity.kind}`);
      unresolved.push({ id: objectId(identity), phase, title, message: served, isComing });
      continue;
    }
    const namespace = served.namespaced
      ? (identity.namespace ?? cluster.defaultNamespace)
      : undefined;
    const object = marked(applicable(item, namespace), owner);
    objects.push({
      id: objectId({ ...identity, namespace }),
      phase,
      ref: { served, name: identity.name, ...(namespace === undefined ? {} : { namespace }) },
      object,
      digest: digestOf(object),
    });
  }
  return { objects, unresolved };
}

/** The `group/kind` of every definition in the manifest. */
function kindsDefinedBy(manifest: readonly ManifestObject[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { kind, spec } of manifest) {
    if (kind !== "CustomResourceDefinition") continue;
    const { group, names } = (spec ?? {}) as {
      readonly group?: string;
      readonly names?: { readonly kind?: string };
    };
    found.add(`${group}/${names?.kind}`);
  }
  return found;
}

function findServed(
  served: readonly ServedKind[],
  {
    group,
    version,
    kind,
  }: { readonly group: string; readonly version: string; readonly kind: string },
): ServedKind | string {
  const candidates = served.filter((entry) => entry.group === group && entry.kind === kind);
  const exact = candidates.find((entry) => entry.version === version);
  if (exact) return exact;
  const name = group === "" ? version : `${group}/${version}`;
  if (candidates.length === 0) return `the cluster does not serve ${kind} of ${name}`;
  const others = candidates.map((entry) =>
    group === "" ? entry.version : `${group}/${entry.version}`,
  );
  return `the cluster no longer serves ${kind} of ${name}; it serves ${others.join(", ")}`;
}

/** Without the fields that only a server writes: they would be refused, or act as preconditions. */
function applicable(item: ManifestObject, namespace: string | undefined): KubeObject {
  const { status: _status, ...rest } = item;
  const {
    managedFields: _managedFields,
    resourceVersion: _resourceVersion,
    uid: _uid,
    creationTimestamp: _creationTimestamp,
    generation: _generation,
    selfLink: _selfLink,
    namespace: _namespace,
    ...metadata
  } = item["metadata"] as Readonly<Record<string, unknown>>;
  return {
    ...rest,
    apiVersion: String(item["apiVersion"]),
    kind: String(item["kind"]),
    metadata: { ...metadata, ...(namespace === undefined ? {} : { namespace }) },
  };
}

/** A digest of any JSON value that does not depend on the order of keys. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("base64url").slice(0, 22);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`);
  return `{${entries.join(",")}}`;
}
