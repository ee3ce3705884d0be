import type { Candidate } from "./candidate.ts";
import type { Comparison } from "./comparison.ts";
import { fitsAll } from "./filter.ts";
import { preferredScore } from "./preferences.ts";
import type { Snapshot } from "./snapshot.ts";
import { isRankedBy } from "./weighing.ts";

/** A cluster that fits, and how well. */
export interface Ranked {
  readonly candidate: Candidate;
  readonly score: number;
  /** True when every metric that counts has a value there. */
  readonly isRanked: boolean;
}

/** What one look at all clusters gave. */
export interface Ranking {
  /** Best first: as many as will be told, and two at least. */
  readonly best: readonly Ranked[];
  readonly fitting: number;
  /** The cluster that the application is on, when it fits. */
  readonly current?: Ranked | undefined;
  /** The cluster that an unfinished move comes from, when it fits: the application still runs there. */
  readonly home?: Ranked | undefined;
}

/** One pass over all candidates: this loop is the whole cost of a decision. */
export function rank(
  snapshot: Pick<Snapshot, "candidates">,
  options: Comparison & {
    readonly currentIndex: number;
    /** Of the cluster that an unfinished move comes from; -1 for none. */
    readonly homeIndex: number;
    readonly most: number;
  },
): Ranking {
  const { prepared, preferences, weighing, currentIndex, homeIndex, most } = options;
  const { scales } = weighing;
  const current = currentIndex < 0 ? undefined : snapshot.candidates[currentIndex];
  const away = homeIndex < 0 ? undefined : snapshot.candidates[homeIndex];
  const best: Ranked[] = [];
  let fitting = 0;
  let here: Ranked | undefined;
  let home: Ranked | undefined;
  for (const candidate of snapshot.candidates) {
    const isCurrent = candidate === current;
    if (!fitsAll(prepared, candidate, isCurrent)) continue;
    fitting += 1;
    const stickiness = isCurrent ? weighing.stickiness : 0;
    const score = preferredScore(candidate, stickiness, preferences, scales);
    const ranked = { candidate, score, isRanked: isRankedBy(candidate, scales) };
    if (isCurrent) here = ranked;
    if (candidate === away) home = ranked;
    insert(best, ranked, { most, current });
  }
  return { best, fitting, current: here, home };
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
  if (a.isRanked !== b.isRanked) return a.isRanked;
  if (a.score !== b.score) return a.score > b.score;
  if (a.candidate === current) return true;
  if (b.candidate === current) return false;
  return comesFirstByName(a.candidate, b.candidate);
}

/** A cloud of a namespace comes before a global one of its name, and an existing cluster before both. */
function comesFirstByName(a: Candidate, b: Candidate): boolean {
  if (a.name !== b.name) return a.name < b.name;
  return (a.kind ?? "") < (b.kind ?? "");
}

/** The same order where several clusters are present ones. */
export function comesFirst(a: Ranked, b: Ranked, here: ReadonlySet<Candidate>): boolean {
  const [isA, isB] = [here.has(a.candidate), here.has(b.candidate)];
  return isBetter(a, b, isA === isB ? undefined : isA ? a.candidate : b.candidate);
}
