import { ApplicationKind } from "./application.ts";
import { ClusterKind } from "./cluster.ts";
import type { AnyKind } from "./kind.ts";
import { kinds } from "./registry.ts";

/**
 * Every kind, in the order in which many objects are brought into a system that runs: what others need stands before them.
 * Clusters come after the clouds that they stand on, applications last of all.
 */
export const arrivalOrder: readonly AnyKind[] = kinds.toSorted((a, b) => rankOf(a) - rankOf(b));

/** The sort is stable: all others stay as they are registered. */
function rankOf({ api, kind }: AnyKind): number {
  if (api === ApplicationKind.api && kind === ApplicationKind.kind) return 2;
  return api === ClusterKind.api && kind === ClusterKind.kind ? 1 : 0;
}
