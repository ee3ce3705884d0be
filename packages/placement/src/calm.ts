import type { Application } from "@octoplane/kinds/application";
import type { Reason } from "@octoplane/kinds/metadata";
import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import type { Candidate } from "./candidate.ts";
import { quietUntil } from "./quiet-time.ts";
import type { Ranked } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";

/** Moving costs: what holds a move that is only an improvement, and what holds every move. All pure. */

/** What is left of the budgets of all, and whether the brake is on: plain data. Moments are milliseconds since the epoch. */
export interface CalmFacts {
  /** Moves of one application in any hour, where its policy says nothing else. */
  readonly movesPerHour: number;
  /** Until when no more move is left of the budget of all; `null`: some are left. */
  readonly fleetFullUntil: number | null;
  /** The same of the moves out of one cluster, and into one; those of which some are left are not in it. */
  readonly leavingFullUntil: Readonly<Record<string, number>>;
  readonly arrivingFullUntil: Readonly<Record<string, number>>;
  readonly brake: Brake | null;
  /** How long an application may take to become healthy on its new cluster. */
  readonly migrationTimeoutMs: number;
}

/** So many clusters of the namespace have vanished at once that nothing is moved for it yet. */
export interface Brake {
  readonly until: number;
  readonly vanished: number;
  /** That were online before. */
  readonly of: number;
}

/** Why it stays where it is. */
export interface Hold {
  readonly reason: Reason;
  /** When that is over, if time alone ends it. */
  readonly until?: number;
}

const hourMs = 3_600_000;

/** What holds a move to a better cluster, in the order in which it is told; `undefined` when nothing does. */
export function holdOfMove(move: {
  readonly app: Application;
  readonly snapshot: Snapshot;
  readonly policy: PolicySpec | undefined;
  readonly from: Ranked;
  readonly to: Ranked;
}): Hold | undefined {
  const { app, snapshot, policy, from, to } = move;
  return (
    holdOfBrake(snapshot) ??
    holdOfGain(policy, from, to) ??
    holdOfDwell(app, snapshot, { policy, to }) ??
    holdOfQuietHours(policy, snapshot, to) ??
    holdOfBudgets({ app, snapshot, policy, from: from.candidate, to: to.candidate })
  );
}

/**
 * What holds a move that metrics ask for, because they are better elsewhere or because a constraint on them does not hold any more:
 * numbers that go up and down must not move an application more often than its budgets say.
 */
export function holdOfBudgets(move: {
  readonly app: Application;
  readonly snapshot: Snapshot;
  readonly policy: PolicySpec | undefined;
  readonly from: Candidate;
  /** Left out: wherever it goes. */
  readonly to?: Candidate;
}): Hold | undefined {
  const { app, snapshot, policy, from, to } = move;
  return holdOfOwnBudget(app, snapshot, policy) ?? holdOfSharedBudgets(snapshot, from, to);
}

/** While the brake is on nothing that runs is moved, whatever it would be moved for. */
export function holdOfBrake({ calm, now }: Snapshot): Hold | undefined {
  const brake = calm?.brake ?? null;
  if (brake === null || brake.until <= now) return undefined;
  const message =
    `${brake.vanished} of ${brake.of} clusters vanished at once: ` +
    `nothing is moved until they return, or until ${timeText(brake.until)}`;
  return { reason: { code: "FleetBraked", message }, until: brake.until };
}

/** Clusters of which one has values for all metrics and the other has not cannot be compared by their scores. */
function holdOfGain(policy: PolicySpec | undefined, from: Ranked, to: Ranked): Hold | undefined {
  const least = policy?.minimum_gain ?? 0;
  const gain = to.score - from.score;
  if (gain >= least || from.isRanked !== to.isRanked) return undefined;
  const message =
    `${to.candidate.name} scores higher by ${numberText(gain)}, ` +
    `and a move has to bring ${numberText(least)}`;
  return { reason: { code: "GainTooSmall", message } };
}

function holdOfDwell(
  app: Application,
  snapshot: Snapshot,
  { policy, to }: { readonly policy: PolicySpec | undefined; readonly to: Ranked },
): Hold | undefined {
  const until = movesAgainAt(app, snapshot, policy);
  if (until <= snapshot.now) return undefined;
  const message = `${to.candidate.name} scores higher, but the last move is too recent`;
  return { reason: { code: "MovedRecently", message }, until };
}

/** When metrics may move the application again: by its own interval, else the policy's, else the scheduler's. */
function movesAgainAt(
  app: Application,
  snapshot: Snapshot,
  policy: PolicySpec | undefined,
): number {
  const { scheduled } = app.status;
  if (scheduled === null) return 0;
  const own = app.spec.reschedule_after ?? policy?.dwell;
  const interval = own === undefined ? snapshot.rescheduleAfterMs : own * 1_000;
  return Date.parse(scheduled) + interval;
}

function holdOfQuietHours(
  policy: PolicySpec | undefined,
  { now }: Snapshot,
  to: Ranked,
): Hold | undefined {
  if (policy?.quiet_hours === undefined) return undefined;
  const until = quietUntil(policy.quiet_hours, now);
  if (until === undefined) return undefined;
  const message = `${to.candidate.name} scores higher, but quiet hours last until ${timeText(until)}`;
  return { reason: { code: "QuietHours", message }, until };
}

function holdOfOwnBudget(
  app: Application,
  { calm, now }: Snapshot,
  policy: PolicySpec | undefined,
): Hold | undefined {
  const most = policy?.budget?.moves ?? calm?.movesPerHour ?? Infinity;
  const perMs = policy?.budget === undefined ? hourMs : policy.budget.per * 1_000;
  const times = (app.status.moves ?? [])
    .map(({ time }) => Date.parse(time))
    .filter((time) => time > now - perMs)
    .toSorted((a, b) => b - a);
  if (times.length < most) return undefined;
  const message = `it has moved ${times.length} times in ${perMs / 1_000} s, and ${most} are allowed`;
  const reason = { code: "BudgetSpent", message };
  const freed = times[most - 1];
  // A budget of nothing is never free again.
  return freed === undefined ? { reason } : { reason, until: freed + perMs };
}

function holdOfSharedBudgets(
  { calm, now }: Snapshot,
  from: Candidate,
  to: Candidate | undefined,
): Hold | undefined {
  if (calm === undefined) return undefined;
  const full = [
    { until: calm.leavingFullUntil[from.name], what: `out of ${from.name}` },
    { until: to && calm.arrivingFullUntil[to.name], what: `into ${to?.name}` },
    { until: calm.fleetFullUntil ?? undefined, what: "of all applications" },
  ].find(({ until }) => until !== undefined && until > now);
  if (full?.until === undefined) return undefined;
  const place = to === undefined ? "elsewhere" : to.name;
  const message = `it would move to ${place}, but no move ${full.what} is left in this hour`;
  const code = full.what === "of all applications" ? "FleetBudgetSpent" : "ClusterBudgetSpent";
  return Number.isFinite(full.until)
    ? { reason: { code, message }, until: full.until }
    : { reason: { code, message } };
}

/** True for the reasons that hold every move for a better score, to whichever cluster, until their time. */
export function isGeneralHold({ code }: Reason): boolean {
  return ["MovedRecently", "QuietHours", "BudgetSpent", "FleetBudgetSpent"].includes(code);
}

/** True for the reasons that many applications share, so that they should not all look again at once. */
export function isSharedHold({ code }: Reason): boolean {
  return code === "FleetBudgetSpent" || code === "ClusterBudgetSpent" || code === "FleetBraked";
}

export function timeText(moment: number): string {
  return new Date(moment).toISOString();
}

/** Four digits after the point: more says nothing to people. */
function numberText(value: number): string {
  return String(Number(value.toFixed(4)));
}
