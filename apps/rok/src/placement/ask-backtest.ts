import type { Backtest, BacktestResult } from "@octoplane/kinds/placement-backtest";
import type { BacktestFlags } from "../commands/plan.ts";
import { usageError } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { numberText } from "../output/decision-text.ts";
import { demandValueFormat, printLines, printValue } from "../output/print-resource.ts";
import { layoutTable, type Layout } from "../output/table.ts";
import { oneLine, shortTime } from "../output/terminal-text.ts";

/** What `rok backtest` does. */
export async function askBacktest({ args, options, session }: Call<BacktestFlags>): Promise<void> {
  demandValueFormat(session);
  const [policy] = args;
  const { since, weight, app } = options;
  if (policy === undefined && weight === undefined) {
    throw usageError("expected a policy, or --weight metric=number");
  }
  const asked = {
    ...(policy === undefined ? {} : { policy }),
    ...(weight === undefined ? {} : { weights: weight }),
    ...(app === undefined ? {} : { applications: [...app] }),
    ...(since === undefined ? {} : { since }),
  };
  const client = await session.client();
  const backtest = await client.placement.backtest(await session.namespace(), asked);
  if (session.output !== "table") return await printValue(session, backtest);
  for (const warning of backtest.warnings) session.note(`warning: ${oneLine(warning)}`);
  printLines(session, backtestPage(backtest, session.layout));
}

/** From when to when, and a line for each way. Pure. */
export function backtestPage(backtest: Backtest, layout: Layout = {}): readonly string[] {
  const { records, from, to, steps, applications, results } = backtest;
  if (records === null) return ["there are no records"];
  const some =
    applications.counted === applications.of
      ? `${applications.of}`
      : `${applications.counted} of ${applications.of}`;
  const titles = ["what", "moves", "score", "regret", "misplaced", "unplaced", "unknown", "cost"];
  return [
    `records from ${shortTime(records.from)} to ${shortTime(records.to)}, ${records.entries} entries`,
    `looked at ${shortTime(from)} to ${shortTime(to)} in ${steps} steps, ${some} applications`,
    "",
    ...layoutTable({ titles, rows: results.map(cells) }, layout),
  ];
}

const names: Readonly<Record<BacktestResult["name"], string>> = {
  tried: "with it",
  default: "without a policy",
  recorded: "what happened",
};

function cells(result: BacktestResult): readonly string[] {
  const number = (value: number | null): string => (value === null ? "" : numberText(value));
  return [
    names[result.name],
    String(result.moves),
    number(result.mean_score),
    number(result.mean_regret),
    secondsText(result.misplaced),
    secondsText(result.unplaced),
    secondsText(result.unknown),
    number(result.cost),
  ];
}

function secondsText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)}s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)}m` : `${Math.round(seconds / 3_600)}h`;
}
