import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import type { Decision } from "@octoplane/kinds/decision";
import type { MetricScale } from "@octoplane/kinds/metric-scale";
import type { PlanRequest, PlanRow } from "@octoplane/kinds/placement-plan";
import type { Candidate, MetricReading } from "./candidate.ts";
import { withRaw } from "./changed-candidate.ts";

/** What a question changes, and what it would come to for one application. All pure. */

export interface ChangedFleet {
  readonly candidates: readonly Candidate[];
  /** What of the question means nothing here. */
  readonly warnings: readonly string[];
}

/** The fleet with what is asked about: clusters that are offline, metrics with other values. */
export function changedFleet(
  candidates: readonly Candidate[],
  asked: Pick<PlanRequest, "clusters_lost" | "metrics">,
  scaleOf: (reading: MetricReading) => MetricScale | undefined,
): ChangedFleet {
  const lost = new Set(asked.clusters_lost);
  const used = new Set<object>();
  const changed = candidates.map((candidate) => {
    let next = candidate;
    for (const change of asked.metrics) {
      if (change.cluster !== undefined && change.cluster !== candidate.name) continue;
      for (const reading of next.readings) {
        const isMeant = reading.name === change.metric || reading.countsAs === change.metric;
        const scale = isMeant ? scaleOf(reading) : undefined;
        if (scale === undefined) continue;
        used.add(change);
        next = withRaw(next, reading, { raw: change.value, scale });
      }
    }
    return lost.has(candidate.name) ? { ...next, state: "OFFLINE" } : next;
  });
  const names = new Set(candidates.map(({ name }) => name));
  const unknown = asked.clusters_lost.filter((name) => !names.has(name));
  const idle = asked.metrics.filter((change) => !used.has(change));
  return {
    candidates: changed,
    warnings: [
      ...unknown.map((name) => `there is no cluster ${name}`),
      ...idle.map(({ metric, cluster }) =>
        cluster === undefined
          ? `no cluster names a metric ${metric}`
          : `there is no metric ${metric} of a cluster ${cluster}`,
      ),
    ],
  };
}

/** The application as if it named this policy, or these weights. */
export function withChoice(
  app: Application,
  { policy, weights }: Pick<PlanRequest, "policy" | "weights">,
): Application {
  if (policy === undefined && weights === undefined) return app;
  const placement = {
    ...app.spec.placement,
    ...(policy === undefined ? {} : { policy }),
    // A policy that is tried is tried as it is, not with what the application adds to it.
    ...(weights === undefined ? { weights: {} } : { weights }),
  };
  return { ...app, spec: { ...app.spec, placement } };
}

/**
 * What becomes of an application, from the decisions with the change and without it: one row, and of an application with several
 * copies one for each copy that would move, come, or find no place. The first tells most.
 */
export function planRows(
  app: Application,
  after: Decision,
  before: Decision,
): readonly [PlanRow, ...PlanRow[]] {
  const single = planRow(app, after, before);
  if (after.places === undefined) return [single];
  const was = new Set((before.places ?? []).map(({ name }) => name));
  const stood = new Set(boundClusters(app.status).map(({ name }) => name));
  const { namespace } = single.from ?? single.to ?? { namespace: app.metadata.namespace ?? "" };
  const rowOf = (outcome: PlanRow["outcome"], from: string | null, to: string | null): PlanRow => ({
    ...single,
    outcome,
    from: from === null ? null : { namespace, name: from },
    to: to === null ? null : { namespace, name: to },
    gain: null,
    already: to !== null && was.has(to),
  });
  const replaced = after.replaced ?? [];
  const came = after.places.filter(
    ({ name }) => !stood.has(name) && !replaced.some(({ to }) => to === name),
  );
  const missing = (after.missing ?? 0) > 0 ? [rowOf("unplaceable", null, null)] : [];
  // What fits nowhere else is left where it is.
  const misfits = new Set(after.candidates.flatMap((row) => (row.fits ? [] : [row.cluster.name])));
  const stranded = after.places.filter(({ name }) => misfits.has(name));
  const [first, ...others] = [
    ...missing,
    ...stranded.map(({ name }) => rowOf("unplaceable", name, null)),
    ...replaced.map(({ from, to }) => rowOf("moves", from, to)),
    ...came.map(({ name }) => rowOf("placed", null, name)),
  ];
  return first ? [first, ...others] : [{ ...single, outcome: "stays", to: single.from }];
}

function planRow(app: Application, after: Decision, before: Decision): PlanRow {
  const { outcome, to } = outcomeOf(after);
  const was = outcomeOf(before);
  const here = after.previous;
  const scoreOf = (name: string | undefined): number | null =>
    after.candidates.find(({ cluster }) => cluster.name === name)?.score ?? null;
  const [there, now] = [scoreOf(to?.name), scoreOf(here?.name)];
  return {
    application: app.metadata.name,
    outcome,
    from: here,
    to,
    gain: there === null || now === null || to?.name === here?.name ? null : there - now,
    reason: after.reason,
    held_until: after.held_until,
    already: was.outcome === outcome && was.to?.name === to?.name,
  };
}

/** Reasons to stay that are no more than that nothing is better. */
const settled = new Set(["Best", "ToleratesForNow"]);

function outcomeOf(decision: Decision): Pick<PlanRow, "outcome" | "to"> {
  const { chosen, outcome, reason, runner_up: second } = decision;
  switch (outcome) {
    case "moved":
      return { outcome: "moves", to: chosen };
    case "placed":
      return { outcome: "placed", to: chosen };
    case "unplaceable":
      return { outcome: "unplaceable", to: null };
    case "waits":
      return { outcome: "held", to: null };
    case "stayed": {
      // Whatever holds it: it would go only where it is better, or where it fits at all.
      const here = decision.candidates.find(({ cluster }) => cluster.name === chosen?.name);
      const isBetter = second !== null && (decision.margin ?? 0) < 0;
      const mustGo = here?.fits === false && second !== null;
      const isHeld = !settled.has(reason.code) && (isBetter || mustGo);
      return isHeld ? { outcome: "held", to: second } : { outcome: "stays", to: chosen };
    }
  }
}
