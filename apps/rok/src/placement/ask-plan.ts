import type { Client } from "@octoplane/client/client";
import type { Plan, PlanRow } from "@octoplane/kinds/placement-plan";
import type { PlanFlags } from "../commands/plan.ts";
import type { Call } from "../leaf.ts";
import { nameOf, numberText } from "../output/decision-text.ts";
import { demandValueFormat, printLines, printValue } from "../output/print-resource.ts";
import { layoutTable, type Layout } from "../output/table.ts";
import { oneLine, shortTime } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";

/** What `rok plan` does. */
export async function askPlan({ options, session }: Call<PlanFlags>): Promise<void> {
  demandValueFormat(session);
  const { clusterLost, metric, policy, weight, app } = options;
  const asked = {
    ...(clusterLost === undefined ? {} : { clusters_lost: [...clusterLost] }),
    ...(metric === undefined ? {} : { metrics: [...metric] }),
    ...(policy === undefined ? {} : { policy }),
    ...(weight === undefined ? {} : { weights: weight }),
    ...(app === undefined ? {} : { applications: [...app] }),
  };
  const client = await session.client();
  if (options.all !== true) {
    const plan = await client.placement.plan(await session.namespace(), asked);
    if (session.output !== "table") return await printValue(session, plan);
    return printPlan(session, plan);
  }
  const plans: Plan[] = [];
  for (const namespace of await namespacesOf(client)) {
    plans.push(await client.placement.plan(namespace, asked));
  }
  if (session.output !== "table") return await printValue(session, plans);
  for (const [index, plan] of plans.entries()) {
    printLines(session, [...(index === 0 ? [] : [""]), `namespace ${plan.metadata.namespace}`]);
    printPlan(session, plan);
  }
}

/** An application is placed on clusters of its own namespace: where there are none, nothing moves. */
async function namespacesOf(client: Client): Promise<readonly string[]> {
  const { ClusterKind } = await import("@octoplane/kinds/cluster");
  const found = new Set<string>();
  const { items } = await client.of(ClusterKind).list();
  for (const { metadata } of items) found.add(metadata.namespace ?? "");
  return [...found].toSorted();
}

function printPlan(session: Session, plan: Plan): void {
  for (const warning of plan.warnings) session.note(`warning: ${oneLine(warning)}`);
  printLines(session, planPage(plan, session.layout));
}

/** Totals, and below them who would not simply stay. Pure. */
export function planPage(plan: Plan, layout: Layout = {}): readonly string[] {
  const { totals, items, hidden } = plan;
  const counts = [
    `${totals.moves} would move`,
    `${totals.placed} would be placed`,
    `${totals.held} would move but must wait`,
    `${totals.unplaceable} would fit nowhere`,
    ...(totals.waits === 0 ? [] : [`${totals.waits} would wait for a new cluster`]),
    `${totals.stays} would stay`,
  ];
  const head = `of ${totals.applications} applications ${counts.join(", ")}`;
  if (items.length === 0) return [head];
  const titles = ["application", "what", "from", "to", "gain", "reason"];
  return [
    head,
    "",
    ...layoutTable({ titles, rows: items.map(planCells) }, layout),
    ...(hidden > 0 ? ["", `and ${hidden} more that are not listed`] : []),
  ];
}

function planCells(row: PlanRow): readonly string[] {
  const until = row.held_until === null ? "" : ` (until ${shortTime(row.held_until)})`;
  return [
    oneLine(row.application),
    `${row.outcome}${row.already ? " anyway" : ""}`,
    row.from === null ? "" : nameOf(row.from),
    row.to === null ? "" : nameOf(row.to),
    row.gain === null ? "" : numberText(row.gain),
    `${oneLine(row.reason.message)}${until}`,
  ];
}
