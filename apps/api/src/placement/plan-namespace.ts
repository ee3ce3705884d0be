import type { Application } from "@octoplane/kinds/application";
import type { Plan, PlanRequest, PlanRow } from "@octoplane/kinds/placement-plan";
import { decide } from "@octoplane/placement/decide";
import { changedFleet, planRows, withChoice } from "@octoplane/placement/what-if";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "../api-context.ts";
import type { Turns } from "./long-work.ts";
import { NamespaceView } from "./namespace-view.ts";

/** What would become of the applications of a namespace: each is decided about with the change and without it. */
export async function planNamespace(
  { resources, fleets }: Pick<ApiContext, "resources" | "fleets">,
  namespace: string,
  { asked, turns }: { readonly asked: PlanRequest; readonly turns: Turns },
): Promise<Plan> {
  const newest = await fleets.newest(namespace);
  const head = { api: "kubernetes", kind: "Plan", metadata: { namespace } } as const;
  const totals = {
    applications: 0,
    moves: 0,
    placed: 0,
    stays: 0,
    held: 0,
    unplaceable: 0,
    waits: 0,
  };
  if (!newest) {
    const warnings = ["no scheduler has written down the fleet of this namespace"];
    return { ...head, fleet: null, totals, items: [], hidden: 0, warnings };
  }
  const { fleet, moment } = newest;
  const now = resources.parts.clock.now();
  const view = await NamespaceView.open(resources, namespace, { fleet, now, turns });
  const changed = changedFleet(fleet.candidates, asked, (reading) => view.scaleOf(reading));
  const chosen = chosenOf(view, asked);
  const items: PlanRow[] = [];
  let hidden = 0;
  for (const app of chosen.applications) {
    await turns.next();
    const other = withChoice(app, asked);
    const before = decide(app, view.snapshotOf(app), 2);
    const after = decide(other, { ...view.snapshotOf(other), candidates: changed.candidates }, 2);
    const rows = planRows(app, after, before);
    totals.applications += 1;
    totals[rows[0].outcome] += 1;
    if (rows[0].outcome === "stays") continue;
    if (items.length + rows.length <= limits.planRowsMax) items.push(...rows);
    else hidden += rows.length;
  }
  const clusters = fleet.candidates.length;
  const warnings = [...changed.warnings, ...chosen.warnings].slice(0, limits.planChangesMax);
  return {
    ...head,
    fleet: { time: isoTime(moment.time), clusters },
    totals,
    items,
    hidden,
    warnings,
  };
}

function chosenOf(
  view: NamespaceView,
  { applications, policy }: PlanRequest,
): { readonly applications: readonly Application[]; readonly warnings: readonly string[] } {
  const named = applications && new Set(applications);
  const chosen = view.applications
    .filter(({ metadata }) => named === undefined || named.has(metadata.name))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const found = new Set(chosen.map(({ metadata }) => metadata.name));
  const missing = [...(named ?? [])].filter((name) => !found.has(name));
  const isKnown = policy === undefined || view.policy(policy) !== undefined;
  return {
    applications: chosen,
    warnings: [
      ...missing.map((name) => `there is no application ${name}`),
      ...(isKnown ? [] : [`there is no placement policy ${policy}`]),
    ],
  };
}
