import type { CandidateVerdict, Decision, Place } from "@octoplane/kinds/decision";
import type { Reason } from "@octoplane/kinds/metadata";
import type { Candidate } from "./candidate.ts";
import { describeCandidate, placeOf } from "./describe-candidates.ts";
import type { PreparedFilter } from "./filter.ts";
import { labelsCheck } from "./filters/labels.ts";
import { metricsCheck } from "./filters/metrics.ts";
import { checkOnline } from "./filters/online.ts";
import { isBetter, rank, type Ranked } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";

/** A cluster that is to be made: what it asks of a cloud or a project, and what is known of it. */
export interface MakerRequest {
  /** Of the decisions about it so far. */
  readonly decisions: number;
  readonly generation: number;
  readonly labels: readonly string[] | null;
  readonly metrics: readonly string[] | null;
  /** `cloud` or `project`, for sentences. */
  readonly noun: string;
}

/**
 * The cloud (the project) on which a cluster is made, by the same filters and the same score as applications are placed
 * (contract sections 4.9 and 4.11). Those of the namespace come before global ones; those with metrics before those without;
 * then the score, then the name. As pure as `decide`.
 */
export function decideMaker(
  request: MakerRequest,
  snapshot: Pick<Snapshot, "now" | "candidates">,
  detail: number,
): Decision {
  const prepared: readonly PreparedFilter[] = [
    { name: "online", check: checkOnline },
    { name: "labels", check: labelsCheck(request.labels) },
    { name: "metrics", check: metricsCheck(request.metrics), followsMetrics: true },
  ];
  const by = { prepared, preferences: [], weighing };
  const rankOf = (candidates: readonly Candidate[]) =>
    rank({ candidates }, { ...by, currentIndex: -1, homeIndex: -1, most: Math.max(2, detail) });
  const own = rankOf(snapshot.candidates.filter(({ namespace }) => namespace !== ""));
  const global = rankOf(snapshot.candidates.filter(({ namespace }) => namespace === ""));
  const best = [...own.best, ...global.best];
  const [first, second] = best;
  const rows = snapshot.candidates
    .map((candidate) => rowOf(candidate, by))
    .toSorted(comesFirst)
    .slice(0, detail);
  return {
    sequence: request.decisions + 1,
    time: new Date(snapshot.now).toISOString(),
    generation: request.generation,
    outcome: first ? "placed" : "unplaceable",
    reason: first ? reasonFor(first, second) : nothingFits(request),
    chosen: first ? placeOf(first.candidate) : null,
    previous: null,
    runner_up: second ? placeOf(second.candidate) : null,
    margin: first && second ? first.score - second.score : null,
    held_until: null,
    candidates: rows.map(({ row }) => row),
    candidates_total: snapshot.candidates.length,
    candidates_fitting: own.fitting + global.fitting,
  };
}

/** Clouds weigh their own metrics, and nothing sticks: a cluster is made once. */
const weighing = { scales: undefined, stickiness: 0, policy: undefined, applied: undefined };

function rowOf(
  candidate: Candidate,
  by: Pick<Parameters<typeof describeCandidate>[1], "prepared" | "preferences" | "weighing">,
): { readonly ranked: Ranked; readonly row: CandidateVerdict } {
  const row = describeCandidate(candidate, { ...by, isCurrent: false, requests: undefined });
  const score = row.score ?? 0;
  return { row, ranked: { candidate, score, isRanked: candidate.isRanked } };
}

type Row = ReturnType<typeof rowOf>;

function comesFirst(a: Row, b: Row): number {
  if (a.row.fits !== b.row.fits) return a.row.fits ? -1 : 1;
  const [isOwn, isOther] = [a, b].map(({ ranked }) => ranked.candidate.namespace !== "");
  if (isOwn !== isOther) return isOwn ? -1 : 1;
  return isBetter(a.ranked, b.ranked, undefined) ? -1 : 1;
}

function reasonFor({ candidate, score, isRanked }: Ranked, second: Ranked | undefined): Reason {
  const { name, namespace, kind } = candidate;
  const noun = kind === "Project" ? "project" : "cloud";
  const code = "Best";
  if (second === undefined) return { code, message: `${name} is the only ${noun} that fits` };
  if (namespace !== second.candidate.namespace) {
    return { code, message: `${name} is the best of its namespace, which come before global ones` };
  }
  if (isRanked === second.isRanked && score === second.score) {
    return { code, message: `no ${noun} scores higher than ${name}, which comes first by name` };
  }
  return { code, message: `${name} scores highest of the ${noun}s that fit` };
}

function nothingFits({ noun }: MakerRequest): Reason {
  return { code: "NO_SUITABLE_RESOURCE", message: `No matching ${noun} found` };
}

/** Where a place of such a decision is: with its kind, which tells a cloud from a global one of the same name. */
export function chosenOf(decision: Decision): (Place & { readonly kind: string }) | null {
  const { chosen, candidates } = decision;
  const row =
    chosen &&
    candidates.find(
      ({ cluster }) => cluster.name === chosen.name && cluster.namespace === chosen.namespace,
    );
  return row?.kind === undefined ? null : { ...row.cluster, kind: row.kind };
}
