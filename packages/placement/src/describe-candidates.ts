import type { CandidateVerdict, Place } from "@octoplane/kinds/decision";
import type { Candidate } from "./candidate.ts";
import { verdictsOf, type PreparedFilter } from "./filter.ts";
import { preferredParts, preferredScore, type PreparedPreference } from "./preferences.ts";
import { isBetter, type Ranking } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";

/** The candidates in words, best first, those that do not fit last. */
export function describeCandidates(input: {
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

export function placeOf(candidate: Candidate): Place {
  return { namespace: candidate.namespace, name: candidate.name };
}
