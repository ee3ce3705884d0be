import type { Application } from "@octoplane/kinds/application";
import type { CandidateVerdict, Decision, Place } from "@octoplane/kinds/decision";
import type { Reason } from "@octoplane/kinds/metadata";
import type { Candidate } from "./candidate.ts";
import { isCompleted } from "./completed.ts";
import { staysUntil } from "./filters/taints.ts";
import { fitsAll, prepareFilters, verdictsOf, type PreparedFilter } from "./filter.ts";
import {
  preferredParts,
  preferredScore,
  preparePreferences,
  type PreparedPreference,
} from "./preferences.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Where an application belongs, from nothing but the application and a snapshot: filter, score, choose, explain.
 * No clock, no randomness, no I/O. The same inputs give the same decision, whoever asks and whenever.
 *
 * Ties go to the cluster that the application is on, then to the first by name. Clusters whose metrics could be read
 * come before those without (contract section 4.5).
 *
 * `detail` bounds how many candidates are told one by one; the chosen and the current one always are.
 */
export function decide(app: Application, snapshot: Snapshot, detail: number): Decision {
  const prepared = prepareFilters(app, snapshot.now);
  const preferences = preparePreferences(app);
  const currentIndex = indexOfCurrent(app, snapshot.candidates);
  const ranking = rank(snapshot, {
    prepared,
    preferences,
    currentIndex,
    most: Math.max(2, detail),
  });
  const current = currentIndex < 0 ? undefined : snapshot.candidates[currentIndex];
  const choice = untilMoved(choose({ app, snapshot, current, ranking }), { app, snapshot });
  const chosen = choice.chosen;
  const rival = ranking.best.find(({ candidate }) => candidate !== chosen);
  const stickiness = chosen === current ? snapshot.stickiness : 0;
  const chosenScore = chosen && preferredScore(chosen, stickiness, preferences);
  return {
    sequence: app.status.decisions + 1,
    time: new Date(snapshot.now).toISOString(),
    generation: app.metadata.generation,
    outcome: choice.outcome,
    reason: choice.reason,
    chosen: chosen ? placeOf(chosen) : null,
    previous: current ? placeOf(current) : previousPlace(app),
    runner_up: rival ? placeOf(rival.candidate) : null,
    margin: rival && chosenScore !== undefined ? chosenScore - rival.score : null,
    held_until: choice.heldUntil === undefined ? null : new Date(choice.heldUntil).toISOString(),
    candidates: describe({ snapshot, prepared, preferences, current, chosen, detail, ranking }),
    candidates_total: snapshot.candidates.length,
    candidates_fitting: ranking.fitting,
  };
}

interface Ranked {
  readonly candidate: Candidate;
  readonly score: number;
}

interface Ranking {
  /** Best first: as many as will be told, and two at least. */
  readonly best: readonly Ranked[];
  readonly fitting: number;
  readonly currentFits: boolean;
}

/** One pass over all candidates: this loop is the whole cost of a decision. */
function rank(
  snapshot: Snapshot,
  options: {
    readonly prepared: readonly PreparedFilter[];
    readonly preferences: readonly PreparedPreference[];
    readonly currentIndex: number;
    readonly most: number;
  },
): Ranking {
  const { prepared, preferences, currentIndex, most } = options;
  const current = currentIndex < 0 ? undefined : snapshot.candidates[currentIndex];
  const best: Ranked[] = [];
  let fitting = 0;
  let currentFits = false;
  for (const candidate of snapshot.candidates) {
    const isCurrent = candidate === current;
    if (!fitsAll(prepared, candidate, isCurrent)) continue;
    fitting += 1;
    if (isCurrent) currentFits = true;
    const score = preferredScore(candidate, isCurrent ? snapshot.stickiness : 0, preferences);
    insert(best, { candidate, score }, { most, current });
  }
  return { best, fitting, currentFits };
}

/** Puts one in its place among the best; most of a thousand are turned away by one comparison with the last. */
function insert(
  best: Ranked[],
  ranked: Ranked,
  { most, current }: { readonly most: number; readonly current: Candidate | undefined },
): void {
  let place = best.length;
  while (place > 0 && isBetter(ranked, best[place - 1]!, current)) place -= 1;
  if (place >= most) return;
  best.splice(place, 0, ranked);
  if (best.length > most) best.pop();
}

function isBetter(a: Ranked, b: Ranked, current: Candidate | undefined): boolean {
  if (a.candidate.isRanked !== b.candidate.isRanked) return a.candidate.isRanked;
  if (a.score !== b.score) return a.score > b.score;
  if (a.candidate === current) return true;
  if (b.candidate === current) return false;
  return a.candidate.name < b.candidate.name;
}

interface Choice {
  readonly outcome: Decision["outcome"];
  readonly chosen: Candidate | undefined;
  readonly reason: Reason;
  /** A better cluster waits until this moment. */
  readonly heldUntil?: number;
}

function choose(input: {
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
function untilMoved(
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

function indexOfCurrent(app: Application, candidates: readonly Candidate[]): number {
  const bound = app.status.scheduled_to;
  if (bound === null) return -1;
  return candidates.findIndex(
    (candidate) => candidate.name === bound.name && candidate.namespace === bound.namespace,
  );
}

function previousPlace(app: Application): Place | null {
  const bound = app.status.scheduled_to;
  return bound === null ? null : { namespace: bound.namespace ?? "", name: bound.name };
}

function placeOf(candidate: Candidate): Place {
  return { namespace: candidate.namespace, name: candidate.name };
}

/** The candidates in words, best first, those that do not fit last. */
function describe(input: {
  readonly snapshot: Snapshot;
  readonly prepared: readonly PreparedFilter[];
  readonly preferences: readonly PreparedPreference[];
  readonly current: Candidate | undefined;
  readonly chosen: Candidate | undefined;
  readonly detail: number;
  readonly ranking: Ranking;
}): CandidateVerdict[] {
  const { snapshot, prepared, preferences, current, chosen, detail, ranking } = input;
  const told = [chosen, current, ...ranking.best.map(({ candidate }) => candidate)];
  const listed = new Set<Candidate>();
  for (const candidate of [...told, ...snapshot.candidates]) {
    if (candidate === undefined) continue;
    if (listed.size >= detail && candidate !== chosen && candidate !== current) break;
    listed.add(candidate);
  }
  const rows = [...listed].map((candidate) => {
    const isCurrent = candidate === current;
    const stickiness = isCurrent ? snapshot.stickiness : 0;
    const verdicts = verdictsOf(prepared, candidate, isCurrent);
    const fits = verdicts.every((verdict) => verdict.fits);
    const score = preferredScore(candidate, stickiness, preferences);
    const row: CandidateVerdict = {
      cluster: placeOf(candidate),
      fits,
      verdicts,
      score: fits ? score : null,
      parts: preferredParts(candidate, stickiness, preferences),
    };
    return { candidate, score, row };
  });
  rows.sort((a, b) => {
    if (a.row.fits !== b.row.fits) return a.row.fits ? -1 : 1;
    return isBetter(a, b, current) ? -1 : 1;
  });
  return rows.map(({ row }) => row);
}
