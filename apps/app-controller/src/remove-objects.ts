import type { InventoryItem } from "@octoplane/kinds/application";
import type { Discovery, ObjectRef } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { ClusterView } from "./cluster-view.ts";
import { ownerOf } from "./mark.ts";
import { phaseOf, phases } from "./phase.ts";
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
  readonly signal: AbortSignal;
}

/** Namespaces that are never ours to remove. */
const protectedNamespaces = /^(?:default|kube-.*)$/;

/**
 * Removes objects from the last phase to the first, and waits behind each phase until its objects are gone: a definition
 * outlives its custom resources, a namespace everything in it. Only the very object that we made is removed (its uid is a
 * precondition), its dependents go in the background. Kept are namespaces that we did not make or that another
 * application lives in, and definitions, because with a definition every object of its kind would go, other people's too.
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
  { view, owner, signal }: RemoveInput,
  item: InventoryItem,
  discovery: Discovery,
): Promise<Outcome> {
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
    if (object.metadata.deletionTimestamp !== undefined) return { item, isGone: false };
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

function isKept({ view, owner, isLiving }: RemoveInput, item: InventoryItem): boolean {
  const phase = phaseOf(item);
  if (phase === "definitions") return true;
  if (phase !== "namespaces") return false;
  if (!item.created || protectedNamespaces.test(item.name)) return true;
  return view.ownersIn(item.name).some((uid) => uid !== owner && isLiving(uid));
}
