import type { CandidateVerdict, Decision, Place, ScorePart } from "@octoplane/kinds/decision";
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
  };
}

interface RefLike {
  readonly namespace: string | null;
  readonly name: string;
}

/**
 * Why an application is where it is, as a page for people: lines of text, cut to the width. Pure.
 */
export function explainPage(
  app: Explained,
  decision: Decision | undefined,
  layout: Layout = {},
): readonly string[] {
  const head = whereItIs(app);
  if (!decision) return [...head, "no decision has been made about it yet"];
  return [
    ...head,
    ...summary(decision),
    "",
    ...(decision.outcome === "unplaceable"
      ? refusals(decision)
      : [...candidateTable(decision, layout), ...scores(decision, layout)]),
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
  const line = `${name} is ${oneLine(state)}: on ${nameOf(target)}${since}`;
  const moves = source !== null && nameOf(source) !== nameOf(target);
  return [line, ...(moves ? [`it still runs on ${nameOf(source)}`] : [])];
}

const outcomes: Readonly<Record<Decision["outcome"], string>> = {
  placed: "placed on",
  moved: "moved to",
  stayed: "stays",
  unplaceable: "cannot be placed",
};

function summary(decision: Decision): readonly string[] {
  const { chosen, previous, runner_up: second, margin, held_until: held } = decision;
  const from = decision.outcome === "moved" && previous ? ` from ${nameOf(previous)}` : "";
  const to = chosen && decision.outcome !== "stayed" ? ` ${nameOf(chosen)}` : "";
  const when = `${shortTime(decision.time)} (generation ${decision.generation})`;
  const reason = oneLine(decision.reason.message);
  return [
    `decision ${decision.sequence} of ${when}: ${outcomes[decision.outcome]}${to}${from}`,
    `reason: ${reason}`,
    ...(second && margin !== null ? [`margin over ${nameOf(second)}: ${numberText(margin)}`] : []),
    ...(held === null ? [] : [`${heldText(decision)} ${shortTime(held)}`]),
  ];
}

function heldText({ reason }: Decision): string {
  return reason.code === "ToleratesForNow"
    ? "it has to leave after"
    : "it may move for metrics again after";
}

/** The decision in one line. */
export function decisionLine(decision: Decision): string {
  return `${summary(decision)[0] ?? ""}: ${oneLine(decision.reason.message)}`;
}

function candidateTable(decision: Decision, layout: Layout): readonly string[] {
  const rows = decision.candidates.map((candidate) => [
    nameOf(candidate.cluster),
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

function howManyFit({ candidates_total: total, candidates_fitting: fitting }: Decision): string {
  return total === 0
    ? "there is no cluster in its namespace"
    : `${fitting} of ${total} clusters fit`;
}

function notListed({ candidates, candidates_total: total }: Decision): readonly string[] {
  const hidden = total - candidates.length;
  return hidden > 0 ? ["", `and ${hidden} more that are not listed`] : [];
}

/** Chosen, second, or the first thing that is in the way. */
function markOf(decision: Decision, { cluster, fits, verdicts }: CandidateVerdict): string {
  const remarks = [
    ...(isSame(cluster, decision.chosen) ? ["chosen"] : []),
    ...(isSame(cluster, decision.runner_up) ? ["second"] : []),
    ...(isSame(cluster, decision.previous) && decision.outcome === "moved" ? ["was here"] : []),
  ];
  const refusal = fits ? undefined : verdicts.find((verdict) => !verdict.fits);
  if (refusal) remarks.push(oneLine(refusal.message));
  return remarks.join(", ");
}

/** Every refusal of every cluster: each of them is something that somebody can change. */
function refusals(decision: Decision): readonly string[] {
  const clusters = decision.candidates.flatMap(({ cluster, verdicts }) => [
    "",
    `${nameOf(cluster)} does not fit:`,
    ...verdicts
      .filter((verdict) => !verdict.fits)
      .map((verdict) => `  ${oneLine(verdict.filter)}: ${oneLine(verdict.message)}`),
  ]);
  return [howManyFit(decision), ...clusters, ...notListed(decision)];
}

function scores(decision: Decision, layout: Layout): readonly string[] {
  const shown = [decision.chosen, decision.runner_up]
    .map((place) => decision.candidates.find(({ cluster }) => isSame(cluster, place)))
    .filter((candidate) => candidate !== undefined);
  return shown.flatMap((candidate) => ["", ...scoreOfOne(candidate, layout)]);
}

function scoreOfOne(
  { cluster, score, parts }: CandidateVerdict,
  layout: Layout,
): readonly string[] {
  const total = score === null ? "does not fit" : `score ${numberText(score)}`;
  if (parts.length === 0) return [`${nameOf(cluster)}: ${total}, without metrics`];
  const narrower = { ...layout, width: layout.width && layout.width - 2 };
  const titles = ["metric", "value", "normalised", "weight", "time", "provider"];
  const table = layoutTable({ titles, rows: parts.map(partRow) }, narrower);
  return [`${nameOf(cluster)}: ${total}`, ...table.map((line) => `  ${line}`)];
}

function partRow(part: ScorePart): readonly string[] {
  return [
    oneLine(part.name),
    part.raw === null ? "" : numberText(part.raw),
    numberText(part.value),
    numberText(part.weight),
    shortTime(part.time),
    oneLine(part.provider ?? ""),
  ];
}

function isSame(one: Place, other: Place | null): boolean {
  return one.name === other?.name && one.namespace === other.namespace;
}

function nameOf({ namespace, name }: RefLike): string {
  return oneLine(namespace === null || namespace === "" ? name : `${namespace}/${name}`);
}

/** Four digits after the point at most: enough to see a difference, few enough to read. */
function numberText(value: number): string {
  return String(Number(value.toFixed(4)));
}
