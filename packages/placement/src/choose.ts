import type { Application } from "@octoplane/kinds/application";
import type { Decision } from "@octoplane/kinds/decision";
import type { Reason } from "@octoplane/kinds/metadata";
import type { Candidate } from "./candidate.ts";
import { isCompleted } from "./completed.ts";
import { staysUntil } from "./filters/taints.ts";
import type { Ranking } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";

/** Where it goes, and the reason in words. */
export interface Choice {
  readonly outcome: Decision["outcome"];
  readonly chosen: Candidate | undefined;
  readonly reason: Reason;
  /** A better cluster waits until this moment. */
  readonly heldUntil?: number;
}

/** From the ranking to what is done: stay, move, or wait. */
export function choose(input: {
  readonly app: Application;
  readonly snapshot: Snapshot;
  readonly current: Candidate | undefined;
  readonly ranking: Ranking;
}): Choice {
  const { app, snapshot, current, ranking } = input;
  const best = ranking.best[0]?.candidate;
  const stay = (code: string, message: string, heldUntil?: number): Choice => ({
    outcome: "stayed",
    chosen: current,
    reason: { code, message },
    ...(heldUntil === undefined ? {} : { heldUntil }),
  });
  if (current && !app.spec.constraints.migration) {
    return stay("MigrationDisabled", "migration is switched off for this application");
  }
  if (current && isCompleted(app)) {
    return stay("Completed", "its work is done; on another cluster it would be done again");
  }
  if (best === undefined) return unplaceable;
  if (!current) return { outcome: "placed", chosen: best, reason: bestReason(best, ranking) };
  if (best === current) return stay("Best", "no other cluster scores higher");
  if (!ranking.currentFits) {
    const message = `${current.name} no longer fits; ${bestReason(best, ranking).message}`;
    return { outcome: "moved", chosen: best, reason: { code: "CurrentNoLongerFits", message } };
  }
  if (current.state === "FAILING_METRICS") {
    return stay(
      "MetricsMissing",
      `the metrics of ${current.name} cannot be read; nothing moves for that`,
    );
  }
  const heldUntil = movesAgainAt(app, snapshot);
  if (heldUntil > snapshot.now) {
    return stay(
      "MovedRecently",
      `${best.name} scores higher, but the last move is too recent`,
      heldUntil,
    );
  }
  return { outcome: "moved", chosen: best, reason: bestReason(best, ranking) };
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
  const until = staysUntil(app, choice.chosen, snapshot.now);
  if (until <= snapshot.now || until >= (choice.heldUntil ?? Infinity)) return choice;
  const message = `${choice.reason.message}; its toleration of a taint ends at ${new Date(until).toISOString()}`;
  return { ...choice, heldUntil: until, reason: { code: "ToleratesForNow", message } };
}

/** True when it stays where it is whatever the clusters are like. */
function isHeld(app: Application): boolean {
  return !app.spec.constraints.migration || isCompleted(app);
}

/** Krake's code and text, to the letter: its clients look for them. What is in the way stands with each candidate. */
const unplaceable: Choice = {
  outcome: "unplaceable",
  chosen: undefined,
  reason: { code: "NO_SUITABLE_RESOURCE", message: "No matching Kubernetes cluster found" },
};

function bestReason(best: Candidate, ranking: Ranking): Reason {
  const { fitting } = ranking;
  const second = ranking.best.find(({ candidate }) => candidate !== best);
  const isTie = second?.score === ranking.best[0]?.score;
  const message =
    second === undefined
      ? `${best.name} is the only cluster that fits`
      : isTie && second.candidate.isRanked === best.isRanked
        ? `of ${fitting} clusters that fit none scores higher than ${best.name}, which comes first by name`
        : `${best.name} scores highest of ${fitting} clusters that fit`;
  return { code: "Best", message };
}

/** When metrics may move the application again, in milliseconds since the epoch. */
function movesAgainAt(app: Application, snapshot: Snapshot): number {
  const { scheduled } = app.status;
  if (scheduled === null) return 0;
  const own = app.spec.reschedule_after;
  const interval = own === undefined || own === null ? snapshot.rescheduleAfterMs : own * 1_000;
  return Date.parse(scheduled) + interval;
}
