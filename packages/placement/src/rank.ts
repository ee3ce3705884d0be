import type { Candidate } from "./candidate.ts";
import { fitsAll, type PreparedFilter } from "./filter.ts";
import { preferredScore, type PreparedPreference } from "./preferences.ts";
import type { Snapshot } from "./snapshot.ts";

/** A cluster that fits, and how well. */
export interface Ranked {
  readonly candidate: Candidate;
  readonly score: number;
}

/** What one look at all clusters gave. */
export interface Ranking {
  /** Best first: as many as will be told, and two at least. */
  readonly best: readonly Ranked[];
  readonly fitting: number;
  readonly currentFits: boolean;
}

/** One pass over all candidates: this loop is the whole cost of a decision. */
export function rank(
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

/** The order of the choice: those with metrics first, then the score, then the cluster it is on, then the name. */
export function isBetter(a: Ranked, b: Ranked, current: Candidate | undefined): boolean {
  if (a.candidate.isRanked !== b.candidate.isRanked) return a.candidate.isRanked;
  if (a.score !== b.score) return a.score > b.score;
  if (a.candidate === current) return true;
  if (b.candidate === current) return false;
  return a.candidate.name < b.candidate.name;
}
