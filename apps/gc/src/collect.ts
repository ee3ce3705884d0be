import type { OwnerGraph } from "./graph.ts";

/** What there is to do about one object that is marked for deletion. */
export type Step =
  | { readonly do: "delete dependents"; readonly dependents: readonly string[] }
  | { readonly do: "wait" }
  | { readonly do: "release" };

/** What the garbage collector needs to know of a node. */
export interface NodeFacts {
  readonly isDeleted: boolean;
  /** True when it is the collector's turn: what others have to do about it comes after, or is done. */
  readonly isWaitingForGc: boolean;
  /** True when the end of this owner is not its own: it lets go of the owner, and is waited for. */
  readonly outlives: (owner: string) => boolean;
}

/**
 * Decides the next step for a deleted node: first every dependent is marked for deletion, then it waits until they have
 * gone, then it is released. Nothing is released while something that needs it is there.
 *
 * Members of a cycle wait for each other for ever; one whose remaining dependents all wait for the collector, and
 * all for something that leads back to it, is released: whatever could need it is going the same way. Pure.
 */
export function nextStep(
  node: string,
  graph: OwnerGraph,
  factsOf: (node: string) => NodeFacts | undefined,
): Step {
  const dependents = graph.dependentsOf(node).filter((dependent) => dependent !== node);
  const living = dependents.filter((dependent) => {
    const facts = factsOf(dependent);
    return facts !== undefined && !facts.isDeleted && !facts.outlives(node);
  });
  if (living.length > 0) return { do: "delete dependents", dependents: living.toSorted() };
  const remaining = dependents.filter((dependent) => factsOf(dependent) !== undefined);
  if (remaining.length === 0) return { do: "release" };
  const stuck = (dependent: string): boolean => factsOf(dependent)?.isWaitingForGc === true;
  const waitForItself = remaining.every(
    (dependent) => stuck(dependent) && graph.leadsTo(dependent, node, stuck),
  );
  return waitForItself ? { do: "release" } : { do: "wait" };
}
