import type { Candidate } from "./candidate.ts";

/** Everything a decision may know beside the application. The time is data here. */
export interface Snapshot {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The clusters of the application's namespace, in order of their names. */
  readonly candidates: readonly Candidate[];
  readonly stickiness: number;
  readonly rescheduleAfterMs: number;
}
