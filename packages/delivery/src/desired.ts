import { textOf } from "@octoplane/shared/text-of";
import { createHash } from "node:crypto";
import type { Delivery } from "@octoplane/kinds/delivery";
import { identify, type ManifestIdentity, type ManifestObject } from "@octoplane/kinds/manifest";
import type { Facts } from "@octoplane/kinds/manifest-facts";
import { isScalable } from "@octoplane/kinds/override";
import type { Discovery, KubeObject, ObjectRef, ServedKind } from "@octoplane/kube/kube";
import { digestOf } from "./digest.ts";
import { findServed } from "./find-served.ts";
import { marked, stamped, type Owner } from "./mark.ts";
import { objectId } from "./object-id.ts";
import { phaseOf, type Phase } from "./phase.ts";
import { isProtectedNamespace } from "./protected-namespace.ts";
import { isKept, removesItself, replaceWish } from "./wishes.ts";

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
  /** True for what stays on the cluster when it is no longer wanted. */
  readonly isKept: boolean;
  /** True for a namespace that is in no manifest, and is made because objects name it. */
  readonly isImplied: boolean;
  /** True when somebody else says how many replicas there are. */
  readonly leavesReplicas: boolean;
  /** Those of the manifest, to begin with. */
  readonly replicas: number | undefined;
  /** What the object itself says about being deleted and made anew. */
  readonly replace: "always" | "never" | undefined;
  /** Which of its fields are ours; absent when all of them are. */
  readonly schema?: Facts;
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

/**
 * The objects of a manifest as they are to stand on a cluster, with the namespaces that `delivery` lets us make for them. One that
 * cannot be applied as things are is told among the unresolved.
 */
export function desiredObjects(
  manifest: readonly ManifestObject[],
  cluster: Discovery & { readonly defaultNamespace: string },
  owner: Owner,
  delivery: Delivery = {},
): Desired {
  const objects = new Map<string, DesiredObject>();
  const unresolved: Unresolved[] = [];
  const coming = kindsDefinedBy(manifest);
  const scaled = scaledByOthers(manifest);
  for (const item of manifest) {
    const identity = identify(item);
    if ("problem" in identity) continue;
    const served = findServed(cluster.kinds, identity);
    if (typeof served === "string") {
      unresolved.push(unservedObject(identity, { cluster, coming, message: served }));
      continue;
    }
    const namespace = served.namespaced
      ? namespaceFor(identity.namespace, cluster.defaultNamespace, delivery)
      : undefined;
    const isScaled = scaled.has(scaleKey(identity)) || delivery.ignore_replicas === true;
    const isLeft = isScaled && isScalable(item);
    const wanted = isLeft ? withoutReplicas(item) : item;
    const made = desiredObject(wanted, { ...identity, namespace, served }, { owner, objects });
    const desired = isLeft ? { ...made, leavesReplicas: true, replicas: replicasOf(item) } : made;
    if (objects.has(desired.id)) {
      // Only here it is known what an absent namespace, or one too many, means.
      const title = `${identity.kind} ${identity.name}`;
      const message = "stands in the manifest twice, with and without its namespace";
      unresolved.push({ id: desired.id, phase: desired.phase, title, message, canPass: false });
    } else objects.set(desired.id, desired);
  }
  if (delivery.create_namespaces === true) {
    for (const desired of impliedNamespaces([...objects.values()], cluster, owner)) {
      objects.set(desired.id, desired);
    }
  }
  return { objects: [...objects.values()], unresolved };
}

function unservedObject(
  identity: ManifestIdentity,
  found: {
    readonly cluster: Discovery;
    readonly coming: ReadonlySet<string>;
    readonly message: string;
  },
): Unresolved {
  const { group, version, kind, name } = identity;
  const isSilent = found.cluster.silentGroups.includes(group);
  return {
    id: objectId(identity),
    phase: phaseOf(identity),
    title: `${kind} ${name}`,
    message: isSilent ? `the cluster's server of ${group} does not answer` : found.message,
    canPass: isSilent || found.coming.has(`${group}/${version}/${kind}`),
  };
}

/** Where an object goes that names this namespace, or none; of a kind that has namespaces. */
export function namespaceFor(
  namespace: string | undefined,
  ofCluster: string,
  { namespace: own, override_namespace: overrides }: Delivery,
): string {
  if (overrides === true && own !== undefined) return own;
  return namespace ?? own ?? ofCluster;
}

function desiredObject(
  item: ManifestObject,
  identity: ManifestIdentity & { readonly served: ServedKind },
  { owner, objects }: { readonly owner: Owner; readonly objects: ReadonlyMap<string, unknown> },
): DesiredObject {
  const { served, namespace } = identity;
  const name = identity.isPrefix ? freeName(item, identity, { owner, objects }) : identity.name;
  const object = marked(applicable(item, { name, namespace }), owner);
  const digest = digestOf(object);
  return {
    id: objectId({ ...identity, name }),
    phase: phaseOf(identity),
    ref: { served, name, ...(namespace === undefined ? {} : { namespace }) },
    object: stamped(object, digest),
    digest,
    removesItself: removesItself(identity, item),
    isKept: isKept(item),
    isImplied: false,
    leavesReplicas: false,
    replicas: undefined,
    replace: replaceWish(item),
  };
}

/**
 * Of an object that leaves its name to others: always the same one as long as it is written the same, so that it is made once, and
 * another one when it changes.
 */
function freeName(
  item: ManifestObject,
  identity: ManifestIdentity,
  { owner, objects }: { readonly owner: Owner; readonly objects: ReadonlyMap<string, unknown> },
): string {
  for (let again = 0; ; again += 1) {
    const hash = createHash("sha256").update(`${owner.uid} ${again} ${digestOf(item)}`);
    // As long as those that a cluster gives, with room for it in the 63 characters of a label.
    const name = `${identity.name.slice(0, 58)}${hash.digest("hex").slice(0, 5)}`;
    if (!objects.has(objectId({ ...identity, name }))) return name;
  }
}

/** The namespaces that objects name and nobody brings along. Those of Kubernetes itself are always there. */
function impliedNamespaces(
  objects: readonly DesiredObject[],
  { kinds }: Discovery,
  owner: Owner,
): readonly DesiredObject[] {
  const served = kinds.find(({ group, kind }) => group === "" && kind === "Namespace");
  if (served === undefined) return [];
  const named = new Set(objects.flatMap(({ ref }) => ref.namespace ?? []));
  return [...named]
    .filter((name) => !isProtectedNamespace(name))
    .map((name) => {
      const item = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
      const identity = { group: "", version: "v1", kind: "Namespace", namespace: undefined, name };
      const desired = desiredObject(item, { ...identity, served }, { owner, objects: new Map() });
      return { ...desired, isImplied: true };
    })
    .filter(({ id }) => objects.every((object) => object.id !== id));
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

function replicasOf(item: ManifestObject): number | undefined {
  const { replicas } = (item["spec"] ?? {}) as { readonly replicas?: unknown };
  return typeof replicas === "number" ? replicas : undefined;
}

function withoutReplicas(item: ManifestObject): ManifestObject {
  const { replicas: _replicas, ...spec } = (item["spec"] ?? {}) as Readonly<
    Record<string, unknown>
  >;
  return { ...item, spec };
}

/** The `group/version/kind` of everything that definitions in the manifest bring along. */
function kindsDefinedBy(manifest: readonly ManifestObject[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { kind, spec } of manifest) {
    if (kind !== "CustomResourceDefinition") continue;
    const { group, names, versions } = (spec ?? {}) as {
      readonly group?: string;
      readonly names?: { readonly kind?: string };
      readonly versions?: unknown;
    };
    const all = (Array.isArray(versions) ? versions : []) as readonly {
      readonly name?: string;
      readonly served?: boolean;
    }[];
    for (const version of all) {
      if (version?.served === true) found.add(`${group}/${version.name}/${names?.kind}`);
    }
  }
  return found;
}

/**
 * Without the fields that only a server writes: they would be refused, or act as preconditions. References to owners come
 * from a dump of some cluster; their uids mean nothing on another one, whose garbage collector would remove the object.
 */
function applicable(
  item: ManifestObject,
  { name, namespace }: { readonly name: string; readonly namespace: string | undefined },
): KubeObject {
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
    generateName: _generateName,
    ...metadata
  } = item["metadata"] as Readonly<Record<string, unknown>>;
  return {
    ...rest,
    apiVersion: textOf(item["apiVersion"]),
    kind: textOf(item["kind"]),
    metadata: { ...metadata, name, ...(namespace === undefined ? {} : { namespace }) },
  };
}
