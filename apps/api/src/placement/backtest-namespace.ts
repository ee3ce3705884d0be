import type { Application } from "@octoplane/kinds/application";
import type { Backtest, BacktestRequest } from "@octoplane/kinds/placement-backtest";
import { BacktestSums, BacktestWalk, type Moment } from "@octoplane/placement/backtest";
import type { Fleet } from "@octoplane/placement/fleet";
import type { Snapshot } from "@octoplane/placement/snapshot";
import { withChoice } from "@octoplane/placement/what-if";
import { readDecisions } from "@octoplane/resources/decision-log";
import { fleetSpan, readFleetHistory } from "@octoplane/resources/fleet-history";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "../api-context.ts";
import { decodeInTurns } from "./fleet-cache.ts";
import type { Turns } from "./long-work.ts";
import { NamespaceView } from "./namespace-view.ts";

/** Walks through what was written down of a namespace's fleet, with the policy of the question and without. */
export async function backtestNamespace(
  { resources, fleets }: Pick<ApiContext, "resources" | "fleets">,
  namespace: string,
  { asked, turns }: { readonly asked: BacktestRequest; readonly turns: Turns },
): Promise<Backtest> {
  const { store, clock } = resources.parts;
  const now = clock.now();
  const head = { api: "kubernetes", kind: "Backtest", metadata: { namespace } } as const;
  const [span, newest] = await Promise.all([fleetSpan(store, namespace), fleets.newest(namespace)]);
  if (!span || !newest) {
    const nothing = { from: null, to: null, steps: 0, applications: { counted: 0, of: 0 } };
    const warnings = ["nothing is written down of the fleet of this namespace"];
    return { ...head, records: null, ...nothing, results: [], warnings };
  }
  const view = await NamespaceView.open(resources, namespace, {
    fleet: newest.fleet,
    now,
    turns,
  });
  const all = view.applications.filter(
    ({ metadata }) => asked.applications?.includes(metadata.name) ?? true,
  );
  const single = all.filter(({ spec }) => spec.placement?.copies === undefined);
  const apps = sampleOf(single, limits.backtestApplicationsMax);
  const sums = new BacktestSums();
  const walks: BacktestWalk[] = [];
  // One after the other: the records of one application may be megabytes before they are read.
  for (const app of apps) {
    walks.push(await walkOf(app, { asked, sums, resources }));
    await turns.next();
  }
  const from = Math.max(span.from, now - asked.since * 1_000);
  const clusters = newest.fleet.candidates.length;
  const spacingMs = (now - from) / stepsFor(apps.length, clusters);
  const past = new Past(view, { asked, apps });
  let steps = 0;
  for await (const { fleet, time, until } of spaced({
    store,
    namespace,
    from,
    now,
    spacingMs,
    turns,
  })) {
    steps += 1;
    for (const [index, walk] of walks.entries()) {
      await turns.next();
      walk.step(past.momentOf(index, fleet, { time, until }));
    }
  }
  const records = { from: isoTime(span.from), to: isoTime(span.to), entries: span.entries };
  return {
    ...head,
    records,
    from: isoTime(from),
    to: isoTime(now),
    steps,
    applications: { counted: apps.length, of: all.length },
    results: [...sums.results()],
    warnings: [
      ...warningsOf(view, asked, apps),
      ...(single.length < all.length ? [copiesLeftOut] : []),
    ],
  };
}

const copiesLeftOut = "applications with several copies are left out";

/** As many states of the fleet as there is time for; every one of them costs some decisions of each application. */
function stepsFor(applications: number, clusters: number): number {
  const each = Math.max(1, applications) * Math.max(1, clusters) * decisionsPerStep;
  const affordable = Math.floor(limits.backtestWorkMax / each);
  return Math.min(limits.backtestStepsMax, Math.max(limits.backtestStepsLeast, affordable));
}

const decisionsPerStep = 5;

/** Evenly from all of them, in their order. */
function sampleOf<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => all[Math.floor((index * all.length) / most)]!);
}

async function walkOf(
  app: Application,
  {
    asked,
    sums,
    resources,
  }: {
    readonly asked: BacktestRequest;
    readonly sums: BacktestSums;
    readonly resources: ApiContext["resources"];
  },
): Promise<BacktestWalk> {
  const kept = await readDecisions(resources.parts.store, app.metadata.uid);
  const recorded = kept.toReversed();
  const contender = {
    tried: withChoice(app, asked),
    plain: withoutPolicy(app),
    recorded,
    isCut: (recorded[0]?.sequence ?? 1) > 1,
  };
  return new BacktestWalk(contender, sums);
}

function withoutPolicy(app: Application): Application {
  const { policy: _policy, weights: _weights, ...placement } = app.spec.placement ?? {};
  return { ...app, spec: { ...app.spec, placement } };
}

interface Span {
  readonly time: number;
  readonly until: number;
}

/** States of the fleet that are not nearer to each other than this, each with the time for which it stands. */
async function* spaced(of: {
  readonly store: ApiContext["resources"]["parts"]["store"];
  readonly namespace: string;
  readonly from: number;
  readonly now: number;
  readonly spacingMs: number;
  readonly turns: Turns;
}): AsyncGenerator<Span & { readonly fleet: Fleet }> {
  const { store, namespace, from, now, spacingMs, turns } = of;
  const decoded = new WeakMap<object, object>();
  let last: { readonly fleet: Fleet; readonly time: number } | undefined;
  for await (const { state, time } of readFleetHistory(store, namespace, from)) {
    const at = Math.max(time, from);
    if (last && at < last.time + spacingMs) continue;
    if (last) yield { ...last, until: at };
    last = { fleet: await decodeInTurns(state, decoded, turns), time: at };
  }
  if (last) yield { ...last, until: now };
}

/** Snapshots of the past, with the policies of today. */
class Past {
  readonly #facts: readonly { readonly tried: Snapshot; readonly plain: Snapshot }[];

  constructor(
    view: NamespaceView,
    { asked, apps }: { readonly asked: BacktestRequest; readonly apps: readonly Application[] },
  ) {
    this.#facts = apps.map((app) => ({
      tried: view.snapshotOf(withChoice(app, asked)),
      plain: view.snapshotOf(withoutPolicy(app)),
    }));
  }

  momentOf(index: number, fleet: Fleet, { time, until }: Span): Moment {
    const { tried, plain } = this.#facts[index]!;
    return { tried: then(tried, fleet, time), plain: then(plain, fleet, time), until };
  }
}

/** Other applications, and what was spent of shared budgets, are left out: they would have moved too. */
function then(facts: Snapshot, { candidates, settings }: Fleet, now: number): Snapshot {
  const { neighbours: _neighbours, promised: _promised, newCluster: _new, calm, ...rest } = facts;
  const own = calm && {
    ...calm,
    fleetFullUntil: null,
    leavingFullUntil: {},
    arrivingFullUntil: {},
    brake: null,
  };
  return { ...rest, ...settings, ...(own && { calm: own }), now, candidates };
}

function* warningsOf(
  view: NamespaceView,
  { policy, applications = [] }: BacktestRequest,
  apps: readonly Application[],
): Generator<string> {
  if (policy !== undefined && view.policy(policy) === undefined) {
    yield `there is no placement policy ${policy}`;
  }
  const found = new Set(view.applications.map(({ metadata }) => metadata.name));
  for (const name of applications) if (!found.has(name)) yield `there is no application ${name}`;
  const hasRules = apps.some(({ spec }) => {
    const { applications: rules = [], spread = [] } = spec.constraints.cluster;
    return rules.length + spread.length > 0;
  });
  if (hasRules) yield "rules about other applications are left out";
}
