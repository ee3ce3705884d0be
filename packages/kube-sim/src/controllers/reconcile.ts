import type { Cluster } from "../cluster.ts";
import type { SimObject } from "../sim-object.ts";

/** Looks at the same object again after a delay, whatever happens until then. */
export type Recheck = (delayMs: number) => void;

/**
 * Brings one object a step nearer to what it says. Synchronous: everything it needs is in memory.
 */
export type Reconcile = (cluster: Cluster, object: SimObject, recheck: Recheck) => void;
