import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { prepareComparison } from "@octoplane/placement/comparison";
import { fitsAll } from "@octoplane/placement/filter";
import { preferredScore } from "@octoplane/placement/preferences";
import type { Snapshot } from "@octoplane/placement/snapshot";
import { isRankedBy } from "@octoplane/placement/weighing";

/** Where an application could be, and how good that would be, if moving cost nothing. */
export interface Look {
  /** Those that fit and have values for all metrics that count, best first; where it is counts with what it is worth, whether it fits or not. */
  readonly fitting: readonly { readonly name: string; readonly score: number }[];
  scoreOf(name: string): number | undefined;
}

export function lookAround(app: Application, snapshot: Snapshot): Look {
  const { prepared, preferences, weighing } = prepareComparison(app, snapshot);
  const { scales } = weighing;
  const here = new Set(placesOf(app));
  const scores = new Map<string, number>();
  const fitting: { name: string; score: number }[] = [];
  for (const candidate of snapshot.candidates) {
    const { name } = candidate;
    const isHere = here.has(name);
    const fits = fitsAll(prepared, candidate, isHere);
    if (!isHere && !fits) continue;
    const score = preferredScore(candidate, 0, preferences, scales);
    scores.set(name, score);
    if (fits && isRankedBy(candidate, scales)) fitting.push({ name, score });
  }
  fitting.sort((a, b) => b.score - a.score);
  return { fitting, scoreOf: (name) => scores.get(name) };
}

/** The names of the clusters that it belongs on. */
export function placesOf({ status }: Application): readonly string[] {
  return boundClusters(status).map(({ name }) => name);
}
