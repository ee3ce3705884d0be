/** What one run of the simulation came to. */
export interface Figures {
  readonly seed: number;
  readonly days: number;
  readonly isCalm: boolean;
  readonly placements: number;
  readonly moves: number;
  /** Of the applications that name a policy. */
  readonly movesOfPolicies: number;
  /** Moves by the reason of their decision. */
  readonly byReason: Readonly<Record<string, number>>;
  /** In any hour. */
  readonly most: { readonly fleet: number; readonly cluster: number; readonly application: number };
  /** Moves of the application that moved most. */
  readonly mostOfOne: number;
  readonly decisions: number;
  /** Moves that were found a step late, because another decision of the same moment made them possible. */
  readonly late: number;
  readonly downMinutes: number;
  readonly missingMinutes: number;
  /** The longest time for which an application lacked what it could have had. */
  readonly longestMinutes: number;
  readonly regret: number;
  readonly regretOfPolicies: number;
  /** In minutes of the simulated time. */
  readonly outages: readonly { readonly from: number; readonly to: number }[];
  readonly brakes: readonly { readonly from: number; readonly to: number }[];
  /** Moves in the hour after each brake. */
  readonly afterBrake: readonly number[];
  /** A digest of all placements in their order. */
  readonly trace: string;
  /** What must not be, in words. */
  readonly broken: readonly string[];
}
