import { textOf } from "@octoplane/shared/text-of";
import { createHash } from "node:crypto";
import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import type { Discovery, KubeObject, ObjectRef, ServedKind } from "@octoplane/kube/kube";
import { marked, stamped, type Owner } from "./mark.ts";
import { phaseOf, type Phase } from "./phase.ts";

/** What should stand on a cluster, worked out from the manifest and what the cluster serves. Pure. */

export interface DesiredObject {
  readonly id: string;
  readonly phase: Phase;
  readonly ref: ObjectRef;
  /** As it is applied: marked, and without what only a server may write. */
  readonly object: KubeObject;
  readonly digest: string;
  /** True for what goes by itself when its work is done: when it has gone, it is not to begin anew. */
  readonly removesItself: boolean;
}

/** An object that cannot be applied as things are, and why. */
export interface Unresolved {
  readonly id: string;
  readonly phase: Phase;
  readonly title: string;
  readonly message: string;
  /**
   * True when it can pass by itself: the manifest brings the definition of this kind along, or the server of its group
   * does not answer at the moment.
   */
  readonly canPass: boolean;
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

/** The namespace in an identity; "" for what has none. */
export function namespaceOf(id: string): string {
  return id.split("|")[2] ?? "";
}

export function desiredObjects(
  manifest: readonly ManifestObject[],
  cluster: Discovery & { readonly defaultNamespace: string },
  owner: Owner,
): Desired {
  const objects = new Map<string, DesiredObject>();
  const unresolved: Unresolved[] = [];
  const coming = kindsDefinedBy(manifest);
  const scaled = scaledByOthers(manifest);
  for (const item of manifest) {
    const identity = identify(item);
    if ("problem" in identity) continue;
    const phase = phaseOf(identity);
    const title = `${identity.kind} ${identity.name}`;
    const served = findServed(cluster.kinds, identity);
    if (typeof served === "string") {
      const id = objectId(identity);
      const isSilent = cluster.silentGroups.includes(identity.group);
      const canPass = isSilent || coming.has(`${identity.group}/${identity.kind}`);
      const message = isSilent
        ? `the cluster's server of ${identity.group} does not answer`
        : served;
      unresolved.push({ id, phase, title, message, canPass });
      continue;
    }
    const namespace = served.namespaced
      ? (identity.namespace ?? cluster.defaultNamespace)
      : undefined;
    const id = objectId({ ...identity, namespace });
    if (objects.has(id)) {
      // Only here it is known what an absent namespace, or one too many, means.
      const message = "stands in the manifest twice, with and without its namespace";
      unresolved.push({ id, phase, title, message, canPass: false });
      continue;
    }
    const wanted = scaled.has(scaleKey(identity)) ? withoutReplicas(item) : item;
    const object = marked(applicable(wanted, namespace), owner);
    const digest = digestOf(object);
    objects.set(id, {
      id,
      phase,
      ref: { served, name: identity.name, ...(namespace === undefined ? {} : { namespace }) },
      object: stamped(object, digest),
      digest,
      removesItself: removesItself(identity, item),
    });
  }
  return { objects: [...objects.values()], unresolved };
}

interface Scaled {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

function scaleKey({ group, kind, namespace, name }: Scaled): string {
  return [group, kind, namespace ?? "", name].join("|");
}

/** What an autoscaler of the same manifest scales: the number of its replicas is the autoscaler's, not ours. */
function scaledByOthers(manifest: readonly ManifestObject[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const item of manifest) {
    const identity = identify(item);
    if ("problem" in identity || identity.kind !== "HorizontalPodAutoscaler") continue;
    const { scaleTargetRef: target } = (item["spec"] ?? {}) as {
      readonly scaleTargetRef?: { readonly [field: string]: unknown };
    };
    const { namespace } = identity;
    const named = identify({ ...target, metadata: { name: target?.["name"], namespace } });
    if (!("problem" in named)) found.add(scaleKey(named));
  }
  return found;
}

function withoutReplicas(item: ManifestObject): ManifestObject {
  const { replicas: _replicas, ...spec } = (item["spec"] ?? {}) as Readonly<
    Record<string, unknown>
  >;
  return { ...item, spec };
}

/** A Job with a time to live is removed by its cluster when it has ended; to apply it again would be to run it again. */
function removesItself(
  { group, kind }: { readonly group: string; readonly kind: string },
  item: ManifestObject,
): boolean {
  if (group !== "batch" || kind !== "Job") return false;
  const spec = item["spec"] as { readonly ttlSecondsAfterFinished?: unknown } | null | undefined;
  return typeof spec?.ttlSecondsAfterFinished === "number";
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

/**
 * Without the fields that only a server writes: they would be refused, or act as preconditions. References to owners come
 * from a dump of some cluster; their uids mean nothing on another one, whose garbage collector would remove the object.
 */
function applicable(item: ManifestObject, namespace: string | undefined): KubeObject {
  const { status: _status, ...rest } = item;
  const {
    managedFields: _managedFields,
    resourceVersion: _resourceVersion,
    uid: _uid,
    creationTimestamp: _creationTimestamp,
    generation: _generation,
    selfLink: _selfLink,
    ownerReferences: _ownerReferences,
    deletionTimestamp: _deletionTimestamp,
    deletionGracePeriodSeconds: _deletionGracePeriodSeconds,
    namespace: _namespace,
    ...metadata
  } = item["metadata"] as Readonly<Record<string, unknown>>;
  return {
    ...rest,
    apiVersion: textOf(item["apiVersion"]),
    kind: textOf(item["kind"]),
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
