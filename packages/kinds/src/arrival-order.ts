import { ApplicationKind } from "./application.ts";
import { ClusterKind } from "./cluster.ts";
import type { AnyKind } from "./kind.ts";
import { RunKind } from "./run.ts";
import { kinds } from "./registry.ts";

/** What comes after all others, in this order. */
const lastKinds: readonly Pick<AnyKind, "api" | "kind">[] = [ClusterKind, ApplicationKind, RunKind];

/**
 * Every kind, in the order in which many objects are brought into a system that runs: what others need stands before them.
 * Clusters come after the clouds that they stand on, applications after all but their runs.
 */
export const arrivalOrder: readonly AnyKind[] = kinds.toSorted((a, b) => rankOf(a) - rankOf(b));

/** The sort is stable: all others stay as they are registered. */
function rankOf({ api, kind }: AnyKind): number {
  return lastKinds.findIndex((one) => one.api === api && one.kind === kind);
}
