import type { Application } from "@octoplane/kinds/application";
import type { CandidateVerdict, Place } from "@octoplane/kinds/decision";
import type { Requests } from "@octoplane/kinds/workload-requests";
import type { Candidate } from "./candidate.ts";
import type { Comparison } from "./comparison.ts";
import { estimatesOf } from "./estimates.ts";
import { verdictsOf, type PreparedFilter } from "./filter.ts";
import { preferredParts, preferredScore, type PreparedPreference } from "./preferences.ts";
import { comesFirst, type Ranked } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";
import { isRankedBy, type Weighing } from "./weighing.ts";
import { requestsOfApplication } from "./promises.ts";

/** The candidates in words, best first, those that do not fit last. */
export function describeCandidates(
  input: Comparison & {
    readonly app: Application;
    readonly snapshot: Snapshot;
    /** Where it belongs now, and where it will. */
    readonly here: ReadonlySet<Candidate>;
    readonly chosen: readonly Candidate[];
    readonly detail: number;
    /** Those that fit, best first. */
    readonly best: readonly Ranked[];
  },
): CandidateVerdict[] {
  const { snapshot, prepared, preferences, weighing, here, chosen, detail, best } = input;
  const { scales } = weighing;
  const always = new Set([...chosen, ...here]);
  // Read only when a cluster has a metric that makes estimates: few fleets have, and manifests are long.
  let requests: Requests | undefined;
  const listed = new Set<Candidate>();
  const others = best.map(({ candidate }) => candidate);
  for (const candidate of [...always, ...others, ...snapshot.candidates]) {
    if (listed.size >= detail && !always.has(candidate)) break;
    listed.add(candidate);
  }
  const rows = [...listed].map((candidate) => {
    const isCurrent = here.has(candidate);
    const stickiness = isCurrent ? weighing.stickiness : 0;
    const hasUnits = candidate.readings.some(({ unit }) => unit !== undefined);
    if (hasUnits) requests ??= requestsOfApplication(input.app);
    const row = describeCandidate(candidate, {
      prepared,
      preferences,
      weighing,
      isCurrent,
      requests,
    });
    const score = preferredScore(candidate, stickiness, preferences, scales);
    return { candidate, score, isRanked: isRankedBy(candidate, scales), row };
  });
  rows.sort((a, b) => {
    if (a.row.fits !== b.row.fits) return a.row.fits ? -1 : 1;
    return comesFirst(a, b, here) ? -1 : 1;
  });
  return rows.map(({ row }) => row);
}

/** One candidate in words. `requests` make estimates, where its metrics do. */
export function describeCandidate(
  candidate: Candidate,
  by: {
    readonly prepared: readonly PreparedFilter[];
    readonly preferences: readonly PreparedPreference[];
    readonly weighing: Pick<Weighing, "scales" | "stickiness">;
    readonly isCurrent: boolean;
    readonly requests: Requests | undefined;
  },
): CandidateVerdict {
  const { prepared, preferences, weighing, isCurrent, requests } = by;
  const stickiness = isCurrent ? weighing.stickiness : 0;
  const verdicts = verdictsOf(prepared, candidate, isCurrent);
  const fits = verdicts.every((verdict) => verdict.fits);
  const estimates = requests && estimatesOf(candidate, requests);
  return {
    cluster: placeOf(candidate),
    ...(candidate.kind === undefined ? {} : { kind: candidate.kind }),
    fits,
    verdicts,
    score: fits ? preferredScore(candidate, stickiness, preferences, weighing.scales) : null,
    parts: preferredParts(candidate, stickiness, preferences, weighing.scales),
    ...(estimates === undefined ? {} : { estimates }),
  };
}

export function placeOf(candidate: Candidate): Place {
  return { namespace: candidate.namespace, name: candidate.name };
}
