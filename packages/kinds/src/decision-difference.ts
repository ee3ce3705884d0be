import type { CandidateVerdict, Decision, Place } from "./decision.ts";

/** What is different between two decisions about one application: what changed with each cluster, and with each part of its score. */
export interface DecisionDifference {
  readonly from: number;
  readonly to: number;
  readonly outcome: readonly [before: Decision["outcome"], after: Decision["outcome"]];
  readonly chosen: readonly [before: Place | null, after: Place | null];
  /** Of several copies; empty for an application with one. */
  readonly places: readonly [before: readonly string[], after: readonly string[]];
  readonly reason: readonly [before: string, after: string];
  readonly generation: readonly [before: number, after: number];
  readonly fitting: readonly [before: number, after: number];
  /** Clusters about which something is different, in the order of the later decision. */
  readonly clusters: readonly ClusterDifference[];
}

export interface ClusterDifference {
  readonly cluster: Place;
  /** `listed`: only one of the two tells of it, because both tell of so many clusters only. */
  readonly change:
    | "appeared"
    | "vanished"
    | "fits"
    | "no longer fits"
    | "score"
    | "refusal"
    | "listed";
  readonly score: readonly [before: number | null, after: number | null];
  /** What stands in the way now and did not before, and the other way round. */
  readonly refusals: { readonly came: readonly string[]; readonly went: readonly string[] };
  readonly parts: readonly PartDifference[];
}

/** One part of a score; `undefined` on the side that does not have it. */
export interface PartDifference {
  readonly name: string;
  readonly value: readonly [before: number | null | undefined, after: number | null | undefined];
  readonly raw: readonly [before: number | null | undefined, after: number | null | undefined];
  readonly weight: readonly [before: number | undefined, after: number | undefined];
}

/** `from` is the earlier one. Pure. */
export function decisionDifference(from: Decision, to: Decision): DecisionDifference {
  const before = new Map(from.candidates.map((row) => [keyOf(row), row]));
  const after = new Map(to.candidates.map((row) => [keyOf(row), row]));
  const names = [...new Set([...after.keys(), ...before.keys()])];
  const areAllTold = (decision: Decision): boolean =>
    decision.candidates.filter(({ kind }) => kind === undefined).length ===
    decision.candidates_total;
  const told = { before: areAllTold(from), after: areAllTold(to) };
  return {
    from: from.sequence,
    to: to.sequence,
    outcome: [from.outcome, to.outcome],
    chosen: [from.chosen, to.chosen],
    places: [placesOf(from), placesOf(to)],
    reason: [from.reason.message, to.reason.message],
    generation: [from.generation, to.generation],
    fitting: [from.candidates_fitting, to.candidates_fitting],
    clusters: names.flatMap(
      (name) => clusterDifference(before.get(name), after.get(name), told) ?? [],
    ),
  };
}

function clusterDifference(
  before: CandidateVerdict | undefined,
  after: CandidateVerdict | undefined,
  told: { readonly before: boolean; readonly after: boolean },
): ClusterDifference | undefined {
  const cluster = (after ?? before)!.cluster;
  const [old, now] = [refusalsOf(before), refusalsOf(after)];
  const parts = partDifferences(before, after);
  const rest = {
    cluster,
    score: [before?.score ?? null, after?.score ?? null] as const,
    refusals: {
      came: now.filter((message) => !old.includes(message)),
      went: old.filter((message) => !now.includes(message)),
    },
    parts,
  };
  if (before === undefined) return { ...rest, change: told.before ? "appeared" : "listed" };
  if (after === undefined) return { ...rest, change: told.after ? "vanished" : "listed" };
  if (before.fits !== after.fits)
    return { ...rest, change: after.fits ? "fits" : "no longer fits" };
  if (before.score !== after.score || parts.length > 0) return { ...rest, change: "score" };
  const isSame = rest.refusals.came.length + rest.refusals.went.length === 0;
  return isSame ? undefined : { ...rest, change: "refusal" };
}

/** A cloud may be called as a cluster is. */
function keyOf({ kind, cluster }: CandidateVerdict): string {
  return `${kind ?? "Cluster"} ${nameOf(cluster)}`;
}

function placesOf({ places = [] }: Decision): readonly string[] {
  return places.map(nameOf);
}

function refusalsOf(row: CandidateVerdict | undefined): readonly string[] {
  return (row?.verdicts ?? []).filter(({ fits }) => !fits).map(({ message }) => message);
}

function partDifferences(
  before: CandidateVerdict | undefined,
  after: CandidateVerdict | undefined,
): readonly PartDifference[] {
  const old = new Map((before?.parts ?? []).map((part) => [part.name, part]));
  const now = new Map((after?.parts ?? []).map((part) => [part.name, part]));
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((name) => {
    const [a, b] = [old.get(name), now.get(name)];
    const isSame = a?.value === b?.value && a?.raw === b?.raw && a?.weight === b?.weight;
    if (isSame) return [];
    const part: PartDifference = {
      name,
      value: [a?.value, b?.value],
      raw: [a?.raw, b?.raw],
      weight: [a?.weight, b?.weight],
    };
    return [part];
  });
}

function nameOf({ namespace, name }: Place): string {
  return `${namespace}/${name}`;
}
