import type { Application } from "@octoplane/kinds/application";
import type { Copies } from "@octoplane/kinds/copies";
import type { Candidate } from "./candidate.ts";
import { prepareLabels } from "./prepared-labels.ts";
import { requestsOfApplication } from "./promises.ts";
import type { Ranked } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * The share of the replicas that each place gets; `null` for all of them where they are duplicated. Shares are worked out when the
 * places or the specification change, and stay as they are until then: replicas do not wander with the metrics. Pure.
 */
export function sharesOf(
  app: Application,
  found: {
    readonly copies: Copies;
    readonly places: readonly Candidate[];
    readonly ranked: readonly Ranked[];
    readonly snapshot: Snapshot;
  },
): readonly (number | null)[] {
  const { copies, places, ranked, snapshot } = found;
  if (copies.replicas === "duplicated") return places.map(() => null);
  const before = app.status.places ?? [];
  const isSame =
    app.status.scheduled_generation === app.metadata.generation &&
    before.length === places.length &&
    before.every(({ cluster }, index) => cluster.name === places[index]!.name);
  if (isSame) return before.map(({ share }) => share);
  switch (copies.divide_by) {
    case "even":
      return places.map(() => 1);
    case "weights":
      return places.map((place) => weightOf(copies, place));
    case "score": {
      const scores = new Map(ranked.map(({ candidate, score }) => [candidate, score]));
      return places.map((place) => rounded(scores.get(place) ?? 0));
    }
    case "capacity":
      return byCapacity(app, places, snapshot);
  }
}

function weightOf({ weights }: Copies, { labels }: Candidate): number {
  return weights.find(({ clusters }) => prepareLabels(clusters).holds(labels))?.weight ?? 1;
}

/**
 * The CPU that is free there and promised to nobody, and what the application itself has there. Where one cluster does not
 * say what is free, all get the same.
 */
function byCapacity(
  app: Application,
  places: readonly Candidate[],
  { promised = {} }: Snapshot,
): readonly number[] {
  const { cpuCores } = requestsOfApplication(app);
  const before = app.status.places ?? [];
  const sum = before.reduce((total, { share }) => total + (share ?? 0), 0);
  const free = places.map(({ name, capacity }) => {
    if (capacity?.cpu_free_cores === undefined) return undefined;
    const own = before.find(({ cluster }) => cluster.name === name)?.share ?? 0;
    const taken = Object.hasOwn(promised, name) ? promised[name]!.cpuCores : 0;
    return capacity.cpu_free_cores - taken + (sum > 0 ? (cpuCores * own) / sum : 0);
  });
  return free.some((one) => one === undefined)
    ? places.map(() => 1)
    : free.map((one) => rounded(one ?? 0));
}

/** Shares are shown to people. */
function rounded(share: number): number {
  return Math.max(0, Math.round(share * 1_000) / 1_000);
}
