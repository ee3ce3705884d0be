import type { Application } from "@octoplane/kinds/application";
import type { Decision } from "@octoplane/kinds/decision";
import type { Explanation } from "@octoplane/kinds/explanation";
import { decide } from "@octoplane/placement/decide";
import { obstaclesOf } from "@octoplane/placement/obstacles";
import { hintsOf, shiftsOf } from "@octoplane/placement/shifts";
import { readDecisions } from "@octoplane/resources/decision-log";
import { readMetricValue } from "@octoplane/resources/metric-values";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "../api-context.ts";
import type { Turns } from "./long-work.ts";
import { NamespaceView } from "./namespace-view.ts";

/** Why an application is where it is, decided anew on the newest fleet that is known; nothing is written. */
export async function explainApplication(
  { resources, fleets }: Pick<ApiContext, "resources" | "fleets">,
  app: Application,
  turns: Turns,
): Promise<Explanation> {
  const { name, namespace } = app.metadata;
  const { store, clock } = resources.parts;
  const [newest, recorded] = await Promise.all([
    fleets.newest(namespace ?? ""),
    readDecisions(store, app.metadata.uid),
  ]);
  const head = {
    api: "kubernetes",
    kind: "Explanation",
    metadata: { name, namespace: namespace ?? "" },
    recorded: recorded[0] ?? null,
  } as const;
  if (!newest) {
    return { ...head, fleet: null, decision: null, obstacles: [], shifts: [], hints: [] };
  }
  const { moment, fleet } = newest;
  const parts = { fleet, now: clock.now(), turns };
  const view = await NamespaceView.open(resources, namespace ?? "", parts);
  const snapshot = view.snapshotOf(app);
  const decision = decide(app, snapshot, limits.explainCandidatesMax);
  const asked = { app, snapshot, decision, scaleOf: (reading: Reading) => view.scaleOf(reading) };
  const search = shiftsOf(asked);
  let step = search.next();
  while (step.done !== true) {
    await turns.next();
    step = search.next();
  }
  return {
    ...head,
    fleet: { time: isoTime(moment.time), writer: moment.writer, entry: moment.entry },
    decision: await withFreshTimes(store, view, decision),
    obstacles: [...obstaclesOf(app, decision, fleet.candidates)],
    shifts: [...step.value],
    hints: [...hintsOf(asked)],
  };
}

type Reading = Parameters<NamespaceView["scaleOf"]>[0];

/**
 * A quiet fleet is not written down again for values that were measured again and are the same: their times come from the
 * values themselves.
 */
async function withFreshTimes(
  store: ApiContext["resources"]["parts"]["store"],
  view: NamespaceView,
  decision: Decision,
): Promise<Decision> {
  const times = new Map<string, Promise<{ value: number; time: string } | undefined>>();
  const timeOf = async (reading: Reading): Promise<{ value: number; time: string } | undefined> => {
    const metric = view.metricOf(reading);
    const record = metric && (await readMetricValue(store, metric.metadata.uid));
    if (!record || record.value === null || record.time === null) return undefined;
    return { value: record.value, time: record.time };
  };
  const byName = new Map(view.fleet.candidates.map((candidate) => [candidate.name, candidate]));
  const candidates = decision.candidates.map(async (row) => {
    const readings = byName.get(row.cluster.name)?.readings ?? [];
    const parts = row.parts.map(async (part) => {
      const reading = readings.find((one) => one.name === part.name || one.countsAs === part.name);
      if (!reading || part.time === null) return part;
      const key = `${reading.namespaced === true} ${reading.name}`;
      if (!times.has(key)) times.set(key, timeOf(reading));
      const known = await times.get(key);
      const isNewer = known?.value === part.raw && known.time > part.time;
      return isNewer ? { ...part, time: known.time } : part;
    });
    return { ...row, parts: await Promise.all(parts) };
  });
  return { ...decision, candidates: await Promise.all(candidates) };
}
