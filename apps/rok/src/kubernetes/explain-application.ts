import { ApplicationKind } from "@octoplane/kinds/application";
import type { Decision } from "@octoplane/kinds/decision";
import { decisionDifference } from "@octoplane/kinds/decision-difference";
import { failure } from "@octoplane/shared/errors";
import { usageError } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { differenceLines } from "../output/difference-lines.ts";
import { explainPage } from "../output/explain-page.ts";
import { nameOf, numberText } from "../output/decision-text.ts";
import { layoutTable } from "../output/table.ts";
import { oneLine, shortTime } from "../output/terminal-text.ts";
import { printLines, printTable, printValue } from "../output/print-resource.ts";
import type { Session } from "../session.ts";

/** What the commands do that tell why an application is, or was, where it is. */

export async function explainApplication({ args, session }: Call<object>): Promise<void> {
  const client = await session.client();
  const ref = await refOf(session, args[0]);
  const app = await client.of(ApplicationKind).get(ref);
  const explanation = await client.placement.explanation(ref);
  if (session.output !== "table") return await printValue(session, explanation);
  printLines(session, explainPage(app, explanation, session.layout));
}

export interface HistoryFlags {
  readonly diff?: readonly string[];
}

export async function showHistory({ args, options, session }: Call<HistoryFlags>): Promise<void> {
  const client = await session.client();
  const ref = await refOf(session, args[0]);
  const decisions = await client.decisions(ref);
  if (options.diff !== undefined) return await showDifference(session, decisions, options.diff);
  if (session.output !== "table") return await printValue(session, decisions);
  const titles = ["decision", "time", "outcome", "cluster", "from", "margin", "fit", "reason"];
  printTable(session, { titles, rows: decisions.toReversed().map(historyRow) });
}

function historyRow(decision: Decision): readonly string[] {
  const { outcome, chosen, previous, margin } = decision;
  return [
    String(decision.sequence),
    shortTime(decision.time),
    outcome,
    chosen === null ? "" : nameOf(chosen),
    outcome === "moved" && previous !== null ? nameOf(previous) : "",
    margin === null ? "" : numberText(margin),
    `${decision.candidates_fitting}/${decision.candidates_total}`,
    oneLine(decision.reason.message),
  ];
}

/** Two numbers, or one: then from the one before it. */
async function showDifference(
  session: Session,
  decisions: readonly Decision[],
  named: readonly string[],
): Promise<void> {
  const numbers = named.map((text) => sequenceOf(text));
  const last = numbers.at(-1) ?? 0;
  const [one, other] = numbers.length === 1 ? [last - 1, last] : [numbers[0] ?? 0, last];
  const [from, to] = [Math.min(one, other), Math.max(one, other)].map((sequence) => {
    const found = decisions.find((decision) => decision.sequence === sequence);
    if (found) return found;
    const kept = decisions.map((decision) => decision.sequence).toSorted((a, b) => a - b);
    const which = kept.length === 0 ? "none" : kept.join(", ");
    throw failure("NotFound", `decision ${sequence} is not kept; there are: ${which}`);
  });
  const difference = decisionDifference(from!, to!);
  if (session.output !== "table") return await printValue(session, difference);
  printLines(session, differenceLines(difference));
}

export async function replayDecision({ args, session }: Call<object>): Promise<number> {
  const client = await session.client();
  const ref = await refOf(session, args[0]);
  const asked = args[1] === undefined ? undefined : sequenceOf(args[1]);
  const sequence = asked ?? (await client.decisions(ref))[0]?.sequence;
  if (sequence === undefined) throw failure("NotFound", "no decision has been made about it yet");
  const replay = await client.placement.replay(ref, sequence);
  const status = replay.identical ? 0 : 1;
  if (session.output !== "table") {
    await printValue(session, replay);
    return status;
  }
  const { engine, identical, differences, decision } = replay;
  const place = decision.chosen === null ? "no cluster" : nameOf(decision.chosen);
  const versions =
    engine.recorded === engine.present
      ? []
      : [`it was made by engine ${engine.recorded}, and this is ${engine.present}`];
  const rows = differences.map((one) => [one.field, one.recorded, one.replayed].map(oneLine));
  printLines(session, [
    identical
      ? `decision ${sequence} comes out the same, to the bit: ${decision.outcome}, ${place}`
      : `decision ${sequence} comes out otherwise: ${decision.outcome}, ${place}`,
    ...versions,
    ...(identical
      ? []
      : layoutTable({ titles: ["field", "recorded", "replayed"], rows }, session.layout)),
  ]);
  return status;
}

function sequenceOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw usageError(`${text} is no number of a decision: 1, 2, …`);
}

async function refOf(session: Session, name: string | undefined) {
  return { namespace: await session.namespace(), name: name ?? "" };
}
