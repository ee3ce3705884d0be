import { limits } from "@octoplane/shared/limits";
import { Ancestry, namespacesOf, type Root } from "./owned.ts";
import { KubeError, type Kube, type KubeObject } from "./kube.ts";

export interface TreeNode {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly uid: string;
  /** Absent for a root that nobody has looked at. */
  readonly object: KubeObject | undefined;
  readonly children: readonly TreeNode[];
}

export interface OwnedTree {
  readonly nodes: readonly TreeNode[];
  /** True when there are more than `limits.treeObjectsMax`. */
  readonly isCut: boolean;
}

/** What controllers make that people ask for; slices, revisions and events would hide it. */
const shownKinds: readonly (readonly [group: string, kind: string])[] = [
  ["apps", "Deployment"],
  ["apps", "StatefulSet"],
  ["apps", "DaemonSet"],
  ["apps", "ReplicaSet"],
  ["batch", "CronJob"],
  ["batch", "Job"],
  ["", "Pod"],
  ["", "Service"],
  ["", "PersistentVolumeClaim"],
];

/** The roots, and below each what descends from it. */
export async function childrenOf(
  kube: Kube,
  roots: readonly Root[],
  signal?: AbortSignal,
): Promise<OwnedTree> {
  const ancestry = await Ancestry.open(kube, roots, signal);
  const namespaces = await namespacesOf(kube, roots, ancestry);
  const { kinds } = await kube.discover(signal ? { signal } : {});
  const objects: KubeObject[] = [];
  let isCut = false;
  for (const [group, kind] of shownKinds) {
    const served = kinds.find((one) => one.group === group && one.kind === kind);
    if (!served) continue;
    for (const namespace of namespaces) {
      const { items } = await kube.list(served, { namespace }, signal).catch(orNothing);
      const room = limits.treeObjectsMax - objects.length;
      isCut ||= items.length > room;
      objects.push(...items.slice(0, room));
    }
  }
  return { nodes: treeOf(roots, objects), isCut };
}

/** What our credentials may not list is not shown. */
function orNothing(error: unknown): { readonly items: readonly KubeObject[] } {
  if (error instanceof KubeError && error.status === 403) return { items: [] };
  throw error;
}

/** Hangs the objects below their owners, and claims below the StatefulSet that their names tell. Pure. */
export function treeOf(
  roots: readonly Root[],
  objects: readonly KubeObject[],
): readonly TreeNode[] {
  const byUid = new Map(objects.map((object) => [object.metadata.uid ?? "", object]));
  const rootUids = new Set(roots.map(({ uid }) => uid));
  const below = new Map<string, KubeObject[]>();
  for (const object of objects) {
    if (rootUids.has(object.metadata.uid ?? "")) continue;
    const parent = ownerUid(object, byUid, rootUids) ?? claimOwner(object, objects)?.metadata.uid;
    if (parent === undefined) continue;
    const siblings = below.get(parent);
    if (siblings) siblings.push(object);
    else below.set(parent, [object]);
  }
  const children = (uid: string, depth: number): readonly TreeNode[] => {
    if (depth > limits.ownerDepthMax) return [];
    const found = (below.get(uid) ?? []).map((object) => nodeOf(object, children, depth));
    return found.toSorted((a, b) => compare(`${a.kind}/${a.name}`, `${b.kind}/${b.name}`));
  };
  return roots.map(({ group, kind, namespace, name, uid }) => ({
    group,
    kind,
    namespace,
    name,
    uid,
    object: byUid.get(uid),
    children: children(uid, 0),
  }));
}

function nodeOf(
  object: KubeObject,
  children: (uid: string, depth: number) => readonly TreeNode[],
  depth: number,
): TreeNode {
  const { namespace = null, name = "", uid = "" } = object.metadata;
  const group = object.apiVersion.includes("/") ? object.apiVersion.split("/")[0]! : "";
  const { kind } = object;
  return { group, kind, namespace, name, uid, object, children: children(uid, depth + 1) };
}

/** Its controller before its other owners, as far as they are shown themselves. */
function ownerUid(
  { metadata }: KubeObject,
  byUid: ReadonlyMap<string, KubeObject>,
  rootUids: ReadonlySet<string>,
): string | undefined {
  const owners = metadata.ownerReferences ?? [];
  return owners.map(({ uid }) => uid).find((uid) => byUid.has(uid) || rootUids.has(uid));
}

/** Claims made from templates have no owner, but a name: `TEMPLATE-STATEFULSET-ORDINAL`. */
function claimOwner(claim: KubeObject, objects: readonly KubeObject[]): KubeObject | undefined {
  if (claim.kind !== "PersistentVolumeClaim") return undefined;
  const name = claim.metadata.name ?? "";
  return objects.find((object) => {
    if (object.kind !== "StatefulSet") return false;
    if (object.metadata.namespace !== claim.metadata.namespace) return false;
    const spec = object["spec"] as
      | {
          readonly volumeClaimTemplates?: readonly {
            readonly metadata?: { readonly name?: string };
          }[];
        }
      | undefined;
    return (spec?.volumeClaimTemplates ?? []).some((template) => {
      const start = `${template.metadata?.name}-${object.metadata.name}-`;
      return name.startsWith(start) && /^\d+$/.test(name.slice(start.length));
    });
  });
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
