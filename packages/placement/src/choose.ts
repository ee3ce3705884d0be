import type { Application } from "@octoplane/kinds/application";
import type { Decision } from "@octoplane/kinds/decision";
import type { Reason } from "@octoplane/kinds/metadata";
import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import { holdOfBrake, holdOfBudgets, holdOfMove, isGeneralHold, type Hold } from "./calm.ts";
import type { Candidate } from "./candidate.ts";
import { isCompleted } from "./completed.ts";
import { coolsUntil, unfinishedMove, warmAgainAt, type UnfinishedMove } from "./failed-move.ts";
import { staysUntil } from "./filters/taints.ts";
import { holdsLocalData, localDataCode, localDataMessage } from "./local-data.ts";
import type { Ranked, Ranking } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";
import { unplaceable } from "./unplaceable.ts";

/** Where it goes, and the reason in words. */
export interface Choice {
  readonly outcome: Decision["outcome"];
  readonly chosen: Candidate | undefined;
  readonly reason: Reason;
  /** A better cluster waits until this moment. */
  readonly heldUntil?: number;
}

/** From the ranking to what is done: stay, move, or wait. */
export function choose(input: ChoiceInput): Choice {
  const { app, snapshot, current, ranking } = input;
  if (current && !app.spec.constraints.migration) {
    return stay(current, "MigrationDisabled", "migration is switched off for this application");
  }
  if (current && isCompleted(app)) {
    return stay(
      current,
      "Completed",
      "its work is done; on another cluster it would be done again",
    );
  }
  if (current && holdsLocalData(app, snapshot, current)) {
    return stay(current, localDataCode, localDataMessage(snapshot));
  }
  const best = bestOf(input);
  if (best === undefined) return { outcome: "unplaceable", chosen: undefined, reason: unplaceable };
  const { candidate } = best;
  if (!current) return { outcome: "placed", chosen: candidate, reason: bestReason(best, ranking) };
  return (
    retreat(input, current) ??
    (ranking.current === undefined
      ? leave(input, current, best)
      : improve(input, ranking.current, best))
  );
}

interface ChoiceInput {
  readonly app: Application;
  readonly snapshot: Snapshot;
  readonly current: Candidate | undefined;
  readonly ranking: Ranking;
  readonly policy: PolicySpec | undefined;
  /** True when it does not fit where it is, and only for metrics. */
  readonly isRefusedByMetrics: boolean;
}

function stay(chosen: Candidate, code: string, message: string, heldUntil?: number): Choice {
  return {
    outcome: "stayed",
    chosen,
    reason: { code, message },
    ...(heldUntil === undefined ? {} : { heldUntil }),
  };
}

function held(chosen: Candidate, { reason, until }: Hold): Choice {
  return stay(chosen, reason.code, reason.message, until);
}

/** The best that is not left alone for a failure; when all are, the best of them: better there than nowhere. */
function bestOf({ app, snapshot, ranking, policy }: ChoiceInput): Ranked | undefined {
  const { best } = ranking;
  if (app.status.failed_moves === undefined || app.status.failed_moves.length === 0) return best[0];
  const warm = best.find(
    ({ candidate }) => coolsUntil(app, candidate.name, policy) <= snapshot.now,
  );
  return warm ?? best[0];
}

/** The move that came here has failed: back to where it still runs, or to the next best. */
function retreat(input: ChoiceInput, current: Candidate): Choice | undefined {
  const { app, snapshot, ranking } = input;
  const move = unfinishedMove(app, snapshot);
  if (move === undefined || move.failsAt > snapshot.now) return undefined;
  const { home } = ranking;
  const others = ranking.best.filter(({ candidate }) => candidate !== current);
  const target = home ?? bestOf({ ...input, ranking: { ...ranking, best: others } });
  if (target === undefined) return undefined;
  const hold = home === undefined ? holdOfBrake(snapshot) : undefined;
  if (hold) return held(current, hold);
  const { name } = target.candidate;
  const message =
    `it did not become healthy on ${current.name}, ` +
    (home === undefined
      ? `so it is tried on ${name}`
      : `so it goes back to ${name}, where it runs`);
  return {
    outcome: "moved",
    chosen: target.candidate,
    reason: { code: "MigrationFailed", message },
  };
}

/**
 * The cluster that it is on does not fit any more: it goes at once, unless so many do not that something else is wrong, or it is for
 * numbers that have moved it too often already.
 */
function leave(input: ChoiceInput, current: Candidate, best: Ranked): Choice {
  const { app, snapshot, ranking, policy, isRefusedByMetrics } = input;
  const move = { app, snapshot, policy, from: current, to: best.candidate };
  const hold = holdOfBrake(snapshot) ?? (isRefusedByMetrics ? holdOfBudgets(move) : undefined);
  if (hold) return held(current, hold);
  const message = `${current.name} no longer fits; ${bestReason(best, ranking).message}`;
  return {
    outcome: "moved",
    chosen: best.candidate,
    reason: { code: "CurrentNoLongerFits", message },
  };
}

/** It could stay. It moves for a better score only, and only when nothing holds it. */
function improve(input: ChoiceInput, from: Ranked, to: Ranked): Choice {
  const { app, snapshot, ranking, policy } = input;
  const here = from.candidate;
  const move = unfinishedMove(app, snapshot);
  if (move) return underWay(here, move);
  if (to.candidate === here) return settled(input, here);
  if (here.state === "FAILING_METRICS") {
    return stay(
      here,
      "MetricsMissing",
      `the metrics of ${here.name} cannot be read; nothing moves for that`,
    );
  }
  const hold = holdOfMove({ app, snapshot, policy, from, to });
  if (hold) return untilWarm(input, held(here, hold));
  return { outcome: "moved", chosen: to.candidate, reason: bestReason(to, ranking) };
}

/** What is better and left alone may be tried sooner than the hold ends: it is looked at then, unless no move at all is made. */
function untilWarm({ app, snapshot, ranking, policy }: ChoiceInput, choice: Choice): Choice {
  if (isGeneralHold(choice.reason)) return choice;
  const end = warmAgainAt(app, snapshot, { ranked: ranking.best, here: choice.chosen, policy });
  return end < (choice.heldUntil ?? Infinity) ? { ...choice, heldUntil: end } : choice;
}

/** Nothing is better, or what is better is left alone for a while. */
function settled({ app, snapshot, ranking, policy }: ChoiceInput, here: Candidate): Choice {
  const first = ranking.best[0]?.candidate;
  if (first === undefined || first === here) {
    return stay(here, "Best", "no other cluster scores higher");
  }
  const until = warmAgainAt(app, snapshot, { ranked: ranking.best, here, policy });
  const message = `${first.name} scores higher, but it did not become healthy there before`;
  return stay(here, "CoolingDown", message, until);
}

function underWay(here: Candidate, { from, failsAt }: UnfinishedMove): Choice {
  const message = `it is on its way here from ${from}, and goes back unless it is healthy in time`;
  return stay(here, "Migrating", message, failsAt);
}

/**
 * A toleration that ends makes the application be looked at again then, and says so: without a change of anything, it has
 * to go at that moment.
 */
export function untilMoved(
  choice: Choice,
  { app, snapshot }: { readonly app: Application; readonly snapshot: Snapshot },
): Choice {
  if (choice.outcome !== "stayed" || !choice.chosen || isHeld(app)) return choice;
  if (choice.reason.code === localDataCode) return choice;
  const until = staysUntil(app, choice.chosen, snapshot.now);
  if (until <= snapshot.now || until >= (choice.heldUntil ?? Infinity)) return choice;
  const message = `${choice.reason.message}; its toleration of a taint ends at ${new Date(until).toISOString()}`;
  return { ...choice, heldUntil: until, reason: { code: "ToleratesForNow", message } };
}

/** True when it stays where it is whatever the clusters are like. */
function isHeld(app: Application): boolean {
  return !app.spec.constraints.migration || isCompleted(app);
}

function bestReason({ candidate, isRanked }: Ranked, ranking: Ranking): Reason {
  const { fitting } = ranking;
  const { name } = candidate;
  const [first] = ranking.best;
  if (first !== undefined && first.candidate !== candidate) {
    const message = `${name} scores highest of those on which it has not just failed`;
    return { code: "Best", message };
  }
  const second = ranking.best.find((one) => one.candidate !== candidate);
  const isTie = second?.score === first?.score;
  const message =
    second === undefined
      ? `${name} is the only cluster that fits`
      : isTie && second.isRanked === isRanked
        ? `of ${fitting} clusters that fit none scores higher than ${name}, which comes first by name`
        : `${name} scores highest of ${fitting} clusters that fit`;
  return { code: "Best", message };
}
