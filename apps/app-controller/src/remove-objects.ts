import type { InventoryItem } from "@octoplane/kinds/application";
import type { ObjectRef } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { ClusterView } from "./cluster-view.ts";
import { phaseOf, phases } from "./phase.ts";
import { troubleOf, type Trouble } from "./trouble.ts";

export interface Removal {
  /** What still stands; removal goes on when it is looked at again. */
  readonly remaining: readonly InventoryItem[];
  readonly troubles: readonly Trouble[];
  readonly writes: number;
}

/** Namespaces that are never ours to remove. */
const protectedNamespaces = /^(?:default|kube-.*)$/;

/**
 * Removes objects from the last phase to the first, and waits behind each phase until its objects are gone: a definition
 * outlives its custom resources, a namespace everything in it. Only the very object that we made is removed (its uid is a
 * precondition), its dependents go in the background. Kept are namespaces that we did not make, and definitions, because
 * with a definition every object of its kind would go, other people's too.
 */
export async function removeObjects(
  view: ClusterView,
  items: readonly InventoryItem[],
  signal: AbortSignal,
): Promise<Removal> {
  const removable = items.filter((item) => !isKept(item));
  const served = await view.served(removable, signal);
  let writes = 0;
  for (const phase of phases.toReversed()) {
    const members = removable.filter((item) => phaseOf(item) === phase);
    const parallel = new Semaphore(limits.applyParallelMax);
    const outcomes = await Promise.all(
      members.map((item) =>
        parallel.run(async (): Promise<Outcome> => {
          const kind = served.find(
            (entry) => entry.group === item.group && entry.kind === item.kind,
          );
          // A kind that is no longer served has no objects.
          if (!kind) return { item, state: "gone" };
          const version = served.find(
            (entry) =>
              entry.group === item.group &&
              entry.kind === item.kind &&
              entry.version === item.version,
          );
          const namespace = item.namespace === null ? {} : { namespace: item.namespace };
          return await removeOne(
            view,
            item,
            { served: version ?? kind, name: item.name, ...namespace },
            signal,
          );
        }),
      ),
    );
    writes += outcomes.filter(({ wrote }) => wrote).length;
    const standing = outcomes.filter(({ state }) => state !== "gone").map(({ item }) => item);
    if (standing.length === 0) continue;
    const below = phases.slice(0, phases.indexOf(phase));
    const later = removable.filter((item) => below.includes(phaseOf(item)));
    const troubles = outcomes
      .map(({ trouble }) => trouble)
      .filter((trouble) => trouble !== undefined);
    return { remaining: [...later, ...standing], troubles, writes };
  }
  return { remaining: [], troubles: [], writes };
}

interface Outcome {
  readonly item: InventoryItem;
  readonly state: "gone" | "leaving";
  readonly wrote?: boolean;
  readonly trouble?: Trouble;
}

async function removeOne(
  view: ClusterView,
  item: InventoryItem,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const object = await view.kube.get(ref, signal);
    if (!object || object.metadata.uid !== item.uid) return { item, state: "gone" };
    if (object.metadata.deletionTimestamp !== undefined) return { item, state: "leaving" };
    const options = { propagation: "Background", uid: item.uid } as const;
    const was = await view.kube.delete(ref, options, signal);
    if (!was) return { item, state: "gone" };
    // Most objects go at once; one with finalizers, or a namespace, is looked at again.
    const after = await view.kube.get(ref, signal);
    const isGone = !after || after.metadata.uid !== item.uid;
    return { item, state: isGone ? "gone" : "leaving", wrote: true };
  } catch (error) {
    if (signal.aborted) throw error;
    return { item, state: "leaving", trouble: troubleOf(error, `${item.kind} ${item.name}`) };
  }
}

function isKept(item: InventoryItem): boolean {
  const phase = phaseOf(item);
  if (phase === "definitions") return true;
  return phase === "namespaces" && (!item.created || protectedNamespaces.test(item.name));
}
