import type { CalmFacts } from "./calm.ts";
import type { Candidate } from "./candidate.ts";
import type { NewClusterFacts } from "./new-cluster-facts.ts";
import type { NeighbourFacts } from "./neighbours/neighbour-facts.ts";
import type { Promised } from "./promises.ts";
import type { PlacementFacts } from "./weighing.ts";

/** Everything a decision may know beside the application. The time is data here. */
export interface Snapshot {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The clusters of the application's namespace, in order of their names. */
  readonly candidates: readonly Candidate[];
  readonly stickiness: number;
  readonly rescheduleAfterMs: number;
  /** The policy and the metrics that the application names itself; absent when it names none. */
  readonly placement?: PlacementFacts;
  /** What moves are left, and whether the brake is on; absent: nothing is held for that. */
  readonly calm?: CalmFacts;
  /** Where those stand that the application has rules about, or that have rules about it; absent: nobody. */
  readonly neighbours?: NeighbourFacts;
  /** What has been promised on clusters and is not yet counted in what is free there, by the cluster's name. */
  readonly promised?: Promised;
  /** What of the application's data is on its nodes, in words; absent: nothing is known to be. */
  readonly localData?: string;
  /** Where a cluster could be made for the application; absent: it does not ask for one, or there is no cloud. */
  readonly newCluster?: NewClusterFacts;
}
