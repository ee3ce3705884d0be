import { boundPlaces } from "@octoplane/kinds/bound-places";
import type { CandidateVerdict, Decision, Place, ScorePart } from "@octoplane/kinds/decision";
import type { Explanation } from "@octoplane/kinds/explanation";
import { limits } from "@octoplane/shared/limits";
import { ageText } from "./age-text.ts";
import { changeLines } from "./change-lines.ts";
import { nameOf, numberText, type RefLike } from "./decision-text.ts";
import { estimateText, policyLines } from "./policy-lines.ts";
import { layoutTable, type Layout } from "./table.ts";
import { oneLine, shortTime } from "./terminal-text.ts";

/** What the page needs to know of the application itself. */
export interface Explained {
  readonly metadata: { readonly name: string; readonly namespace: string | null };
  readonly status: {
    readonly state: string;
    readonly scheduled: string | null;
    readonly scheduled_to: RefLike | null;
    readonly running_on: RefLike | null;
    readonly places?: readonly { readonly cluster: RefLike; readonly share: number | null }[];
  };
}

/**
 * Why an application is where it is, as a page for people: lines of text, cut to the width. Pure.
 */
export function explainPage(
  app: Explained,
  explanation: Explanation,
  layout: Layout = {},
): readonly string[] {
  const { recorded, decision } = explanation;
  // While it waits for its cluster, what was compared when that was begun says more than that it waits.
  const isWaiting = decision?.outcome === "waits" && recorded?.outcome === "waits";
  const shown = isWaiting ? recorded : (decision ?? recorded);
  const head = [...whereItIs(app), ...(recorded ? summary(recorded) : notYet)];
  if (!shown) return head;
  return [
    ...head,
    ...nowLines(shown, recorded),
    "",
    ...(shown.outcome === "unplaceable"
      ? refusals(shown)
      : [...candidateTable(shown, layout), ...scores(shown, layout)]),
    ...changeLines(explanation, layout),
  ];
}

const notYet = ["no decision has been made about it yet"];

/** What would be decided now, when that is news: a decision to stay is not recorded again and again. */
function nowLines(now: Decision, recorded: Decision | null): readonly string[] {
  if (now === recorded) return [];
  const isSame =
    now.reason.message === recorded?.reason.message && isSameOrNone(now.chosen, recorded.chosen);
  if (isSame && now.held_until === recorded.held_until) return [];
  const place = now.chosen ? ` ${nameOf(now.chosen)}` : "";
  const words = now.outcome === "stayed" ? `stays on${place}` : `${outcomes[now.outcome]}${place}`;
  return [
    `now it ${now.outcome === "stayed" ? "" : "would be "}${words}: ${oneLine(now.reason.message)}`,
    ...(now.held_until === null ? [] : [`${heldText(now)} ${shortTime(now.held_until)}`]),
  ];
}

function whereItIs({ metadata, status }: Explained): readonly string[] {
  const { scheduled_to: target, running_on: source, scheduled, state } = status;
  const name = oneLine(metadata.name);
  if (target === null) {
    const runs = source === null ? "" : `, still runs on ${nameOf(source)}`;
    return [`${name} is ${oneLine(state)}: on no cluster${runs}`];
  }
  const since = scheduled === null ? "" : ` since ${shortTime(scheduled)}`;
  const all = boundPlaces(status);
  const line = `${name} is ${oneLine(state)}: on ${all.map(placeText).join(", ")}${since}`;
  const isThere = all.some(({ cluster }) => source !== null && nameOf(cluster) === nameOf(source));
  const moves = source !== null && !isThere;
  return [line, ...(moves ? [`it still runs on ${nameOf(source)}`] : [])];
}

/** A copy, with its share of the replicas where they are divided. */
function placeText({
  cluster,
  share,
}: {
  readonly cluster: RefLike;
  readonly share: number | null;
}): string {
  return share === null ? nameOf(cluster) : `${nameOf(cluster)} (share ${numberText(share)})`;
}

const outcomes: Readonly<Record<Decision["outcome"], string>> = {
  placed: "placed on",
  moved: "moved to",
  stayed: "stays",
  unplaceable: "cannot be placed",
  waits: "waits for a new cluster",
};

function summary(decision: Decision): readonly string[] {
  const { chosen, previous, runner_up: second, margin, held_until: held, places } = decision;
  const isMove = decision.outcome === "moved" && places === undefined;
  const from = isMove && previous ? ` from ${nameOf(previous)}` : "";
  const targets = (places ?? (chosen ? [chosen] : [])).map(nameOf).join(", ");
  const to = targets !== "" && decision.outcome !== "stayed" ? ` ${targets}` : "";
  const when = `${shortTime(decision.time)} (generation ${decision.generation})`;
  const reason = oneLine(decision.reason.message);
  return [
    `decision ${decision.sequence} of ${when}: ${outcomes[decision.outcome]}${to}${from}`,
    `reason: ${reason}`,
    ...policyLines(decision),
    ...(second && margin !== null ? [`margin over ${nameOf(second)}: ${numberText(margin)}`] : []),
    ...(held === null ? [] : [`${heldText(decision)} ${shortTime(held)}`]),
  ];
}

const heldTexts: ReadonlyMap<string, string> = new Map([
  ["ToleratesForNow", "it has to leave after"],
  ["Migrating", "it goes back after"],
  ["FleetBraked", "moves are held until, at most,"],
  ["WaitingForCluster", "it waits until, at most,"],
  ["NO_SUITABLE_RESOURCE", "a new cluster may be tried again after"],
]);

function heldText({ reason }: Decision): string {
  return heldTexts.get(reason.code) ?? "it may move for metrics again after";
}

/** The decision in one line. */
export function decisionLine(decision: Decision): string {
  return `${summary(decision)[0] ?? ""}: ${oneLine(decision.reason.message)}`;
}

function candidateTable(decision: Decision, layout: Layout): readonly string[] {
  const rows = decision.candidates
    .slice(0, limits.explainRowsMax)
    .map((candidate) => [
      titleOf(candidate),
      candidate.fits ? "yes" : "no",
      candidate.score === null ? "" : numberText(candidate.score),
      markOf(decision, candidate),
    ]);
  return [
    howManyFit(decision),
    ...layoutTable({ titles: ["cluster", "fits", "score", "remark"], rows }, layout),
    ...notListed(decision),
  ];
}

/** The cluster, or the cloud on which a new one could be made. */
function titleOf({
  cluster,
  kind,
}: {
  readonly cluster: Place;
  readonly kind?: CandidateVerdict["kind"] | undefined;
}): string {
  if (kind === undefined) return nameOf(cluster);
  return `new on ${kind === "GlobalCloud" ? "global cloud" : "cloud"} ${nameOf(cluster)}`;
}

function howManyFit({ candidates_total: total, candidates_fitting: fitting }: Decision): string {
  return total === 0
    ? "there is no cluster in its namespace"
    : `${fitting} of ${total} clusters fit`;
}

function notListed({ candidates, candidates_total: total }: Decision): readonly string[] {
  const listed = candidates.slice(0, limits.explainRowsMax);
  const hidden = total - listed.filter(({ kind }) => kind === undefined).length;
  if (hidden <= 0) return [];
  const more = candidates.length > listed.length ? "; -o json has them" : "";
  return ["", `and ${hidden} more that are not listed${more}`];
}

/** Chosen, second, or all that is in the way. */
function markOf(decision: Decision, row: CandidateVerdict): string {
  const { fits, verdicts } = row;
  const places = decision.places ?? [decision.chosen];
  const remarks = [
    ...(isNewOn(row, decision) ? ["its cluster is made here"] : []),
    ...(places.some((place) => isRowOf(row, place)) ? ["chosen"] : []),
    ...(isRowOf(row, decision.runner_up) ? ["second"] : []),
    ...(wasHere(row, decision) ? ["was here"] : []),
  ];
  const inTheWay = fits ? [] : verdicts.filter((verdict) => !verdict.fits);
  if (inTheWay.length > 0) {
    remarks.push(inTheWay.map(({ message }) => oneLine(message)).join("; "));
  }
  return remarks.join(", ");
}

function wasHere(row: CandidateVerdict, { outcome, previous, replaced }: Decision): boolean {
  if (outcome !== "moved") return false;
  if (replaced === undefined) return isRowOf(row, previous);
  return row.kind === undefined && replaced.some(({ from }) => from === row.cluster.name);
}

/** Every refusal of every cluster: each of them is something that somebody can change. */
function refusals(decision: Decision): readonly string[] {
  const clusters = decision.candidates
    .slice(0, limits.explainRowsMax)
    .flatMap((row) => [
      "",
      `${titleOf(row)} does not fit:`,
      ...row.verdicts
        .filter((verdict) => !verdict.fits)
        .map((verdict) => `  ${oneLine(verdict.filter)}: ${oneLine(verdict.message)}`),
    ]);
  return [howManyFit(decision), ...clusters, ...notListed(decision)];
}

function scores(decision: Decision, layout: Layout): readonly string[] {
  const shown = [...(decision.places ?? [decision.chosen]), decision.runner_up]
    .map((place) => decision.candidates.find((row) => isRowOf(row, place)))
    .concat(decision.candidates.find((row) => isNewOn(row, decision)))
    .filter((candidate) => candidate !== undefined);
  return shown.flatMap((candidate) => ["", ...scoreOfOne(candidate, decision.time, layout)]);
}

/** The score of one place, part by part. */
export function scoreOfOne(
  { cluster, kind, score, parts, estimates }: CandidateVerdict,
  time: string,
  layout: Layout,
): readonly string[] {
  const fit = score === null ? "does not fit" : `score ${numberText(score)}`;
  const total = `${fit}${estimateText(estimates)}`;
  const name = titleOf({ cluster, kind });
  if (parts.length === 0) return [`${name}: ${total}, without metrics`];
  const narrower = { ...layout, width: layout.width && layout.width - 2 };
  const titles = ["metric", "value", "normalised", "weight", "age", "provider"];
  const table = layoutTable({ titles, rows: parts.map((part) => partRow(part, time)) }, narrower);
  return [`${name}: ${total}`, ...table.map((line) => `  ${line}`)];
}

function partRow(part: ScorePart, time: string): readonly string[] {
  return [
    oneLine(part.name),
    part.raw === null ? "" : numberText(part.raw),
    part.value === null ? "none" : numberText(part.value),
    numberText(part.weight),
    part.time === null ? "" : ageText(part.time, Date.parse(time)),
    oneLine(part.provider ?? part.problem ?? ""),
  ];
}

/** A cloud may be called as a cluster is. */
function isRowOf({ cluster, kind }: CandidateVerdict, place: Place | null): boolean {
  return kind === undefined && isSame(cluster, place);
}

/** The cloud on which the application's own cluster is made. */
function isNewOn({ cluster, kind }: CandidateVerdict, { new_cluster: made }: Decision): boolean {
  if (made === undefined || made.phase === "ended") return false;
  const { cloud } = made;
  return (
    kind === cloud.kind &&
    cluster.name === cloud.name &&
    cluster.namespace === (cloud.namespace ?? "")
  );
}

function isSame(one: Place, other: Place | null): boolean {
  return one.name === other?.name && one.namespace === other.namespace;
}

function isSameOrNone(one: Place | null, other: Place | null): boolean {
  return one === null ? other === null : isSame(one, other);
}
