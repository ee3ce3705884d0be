import type { Candidate } from "../candidate.ts";
import type { Counts } from "./standing-book.ts";

/** How many stand where a candidate is: on it, or on any cluster with the same value of a label. */
export interface Places {
  /** `undefined`: the candidate does not have the label. */
  at(candidate: Candidate): number | undefined;
  readonly total: number;
}

/** One look at the candidates for each rule, so that none is needed for each candidate. Clusters that are not among them do not count. */
export function placesOf(
  counts: Counts,
  by: string | undefined,
  candidates: readonly Candidate[],
): Places {
  let total = 0;
  if (by === undefined) {
    const known = new Map<string, number>();
    for (const { name } of candidates) {
      if (!Object.hasOwn(counts, name)) continue;
      known.set(name, counts[name]!);
      total += counts[name]!;
    }
    return { total, at: ({ name, kind }) => (kind === undefined ? (known.get(name) ?? 0) : 0) };
  }
  const byValue = new Map<string, number>();
  for (const { name, labels } of candidates) {
    if (!Object.hasOwn(counts, name)) continue;
    total += counts[name]!;
    if (!Object.hasOwn(labels, by)) continue;
    const value = labels[by]!;
    byValue.set(value, (byValue.get(value) ?? 0) + counts[name]!);
  }
  const at = ({ labels }: Candidate): number | undefined =>
    Object.hasOwn(labels, by) ? (byValue.get(labels[by]!) ?? 0) : undefined;
  return { total, at };
}

/** A cluster on which applications may stand: those on others have to leave, or are not known to run. */
export function isInUse({ isDeleted, isDrained, state }: Candidate): boolean {
  return !isDeleted && !isDrained && (state === "ONLINE" || state === "FAILING_METRICS");
}

/** `on this cluster`, `in region eu`. */
export function placeText(by: string | undefined, { labels }: Candidate): string {
  return by === undefined ? "on this cluster" : `in ${by} ${labels[by] ?? "?"}`;
}
