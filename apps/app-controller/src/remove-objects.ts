import type { InventoryItem } from "@octoplane/kinds/application";
import type { Discovery, ObjectRef } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { ClusterView } from "./cluster-view.ts";
import { ownerNameOf, ownerOf } from "@octoplane/delivery/mark";
import { isProtectedNamespace } from "@octoplane/delivery/protected-namespace";
import { phaseOf, phases } from "@octoplane/delivery/phase";
import type { Trouble } from "./trouble.ts";

export interface Removal {
  /** What still stands; removal goes on when it is looked at again. */
  readonly remaining: readonly InventoryItem[];
  readonly troubles: readonly Trouble[];
}

export interface RemoveInput {
  readonly view: ClusterView;
  readonly items: readonly InventoryItem[];
  /** The uid of the application that they belong to. */
  readonly owner: string;
  readonly isLiving: (uid: string) => boolean;
  /** The other applications that have objects in a namespace of this cluster, by the books. */
  readonly othersIn: (namespace: string) => readonly string[];
  /** True when definitions go, too, and every object of their kinds with them. */
  readonly definitions?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Removes objects from the last phase to the first, and waits behind each phase until its objects are gone: a definition
 * outlives its custom resources, a namespace everything in it. Only the very object that we made is removed (its uid is a
 * precondition), its dependents go in the background. Kept is what says so, what another application has taken over, namespaces
 * that we did not make or that another application lives in, and definitions unless they are meant to go, because with a
 * definition every object of its kind goes, other people's too.
 */
export async function removeObjects(input: RemoveInput): Promise<Removal> {
  const { view, signal } = input;
  const removable = input.items.filter((item) => !isKept(input, item));
  if (removable.length === 0) return { remaining: [], troubles: [] };
  const discovery = await view.served(removable, signal);
  const parallel = new Semaphore(limits.applyParallelMax);
  for (const phase of phases.toReversed()) {
    const members = removable.filter((item) => phaseOf(item) === phase);
    const outcomes = await Promise.all(
      members.map((item) => parallel.run(() => removeOne(input, item, discovery))),
    );
    const standing = outcomes.filter(({ isGone }) => !isGone).map(({ item }) => item);
    if (standing.length === 0) continue;
    const earlier = phases.slice(0, phases.indexOf(phase));
    return {
      remaining: [...removable.filter((item) => earlier.includes(phaseOf(item))), ...standing],
      troubles: outcomes.map(({ trouble }) => trouble).filter((trouble) => trouble !== undefined),
    };
  }
  return { remaining: [], troubles: [] };
}

interface Outcome {
  readonly item: InventoryItem;
  readonly isGone: boolean;
  readonly trouble?: Trouble;
}

async function removeOne(
  input: RemoveInput,
  item: InventoryItem,
  discovery: Discovery,
): Promise<Outcome> {
  const { view, owner, isLiving, signal } = input;
  const kinds = discovery.kinds.filter(
    ({ group, kind }) => group === item.group && kind === item.kind,
  );
  const kind = kinds.find(({ version }) => version === item.version) ?? kinds[0];
  if (!kind) {
    // A kind that is no longer served has no objects; one that the cluster cannot speak for now may have them.
    if (!discovery.silentGroups.includes(item.group)) return { item, isGone: true };
    const message = `${item.kind} ${item.name}: the cluster's server of ${item.group} does not answer`;
    return { item, isGone: false, trouble: { code: "KUBERNETES_ERROR", message, canPass: true } };
  }
  const namespace = item.namespace === null ? {} : { namespace: item.namespace };
  const ref: ObjectRef = { served: kind, name: item.name, ...namespace };
  try {
    const object = await view.kube.get(ref, signal);
    // Of what was only meant to be made there is no uid; the mark tells whether it came to be.
    const uid =
      item.uid === "" && object && ownerOf(object) === owner ? object.metadata.uid : item.uid;
    if (!object || uid === undefined || object.metadata.uid !== uid) return { item, isGone: true };
    const other = ownerOf(object);
    // Somebody took it over, and we have not yet been told.
    if (other !== undefined && other !== owner && isLiving(other)) return { item, isGone: true };
    if (object.metadata.deletionTimestamp !== undefined) return { item, isGone: false };
    const trouble =
      phaseOf(item) === "definitions" ? await inUse(input, item, discovery) : undefined;
    if (trouble) return { item, isGone: false, trouble };
    const was = await view.kube.delete(ref, { propagation: "Background", uid }, signal);
    if (!was) return { item, isGone: true };
    // Most objects go at once; one with finalizers, or a namespace, is looked at again.
    const after = await view.kube.get(ref, signal);
    return { item, isGone: !after || after.metadata.uid !== uid };
  } catch (error) {
    if (signal.aborted) throw error;
    return { item, isGone: false, trouble: view.trouble(error, `${item.kind} ${item.name}`) };
  }
}

/** Why a definition must stay: other applications have objects of its kind. */
async function inUse(
  { view, owner, isLiving, signal }: RemoveInput,
  { name }: InventoryItem,
  { kinds }: Discovery,
): Promise<Trouble | undefined> {
  const defined = kinds.find(({ plural, group }) => `${plural}.${group}` === name);
  if (defined === undefined) return undefined;
  const { items } = await view.kube.list(defined, {}, signal);
  const users = items.filter((object) => {
    const other = ownerOf(object);
    return other !== undefined && other !== owner && isLiving(other);
  });
  if (users.length === 0) return undefined;
  const names = [...new Set(users.map((object) => ownerNameOf(object) ?? "another application"))];
  const told = names.slice(0, limits.namesToldMax).join(", ");
  const message = `CustomResourceDefinition ${name} cannot be removed: objects of its kind belong to ${told}`;
  return { code: "DEFINITION_IN_USE", message, canPass: true };
}

function isKept(input: RemoveInput, item: InventoryItem): boolean {
  const { view, owner, isLiving, othersIn, definitions = false } = input;
  if (item.keep === true || item.joined === true) return true;
  const phase = phaseOf(item);
  if (phase === "definitions") return !definitions;
  if (phase !== "namespaces") return false;
  if (!item.created || isProtectedNamespace(item.name)) return true;
  const seen = view.ownersIn(item.name).some((uid) => uid !== owner && isLiving(uid));
  return seen || othersIn(item.name).length > 0;
}
