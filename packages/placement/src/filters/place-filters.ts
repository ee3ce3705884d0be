import type { Application } from "@octoplane/kinds/application";
import type { Candidate } from "../candidate.ts";
import type { Filter } from "../filter.ts";
import type { Snapshot } from "../snapshot.ts";
import { labelsFilter } from "./labels.ts";
import { onlineFilter } from "./online.ts";
import { pinnedFilter } from "./pinned.ts";
import { taintsFilter } from "./taints.ts";

/** The filters that say which places there are for an application at all, whatever else stands there. */
export const placeFilters: readonly Filter[] = [
  onlineFilter,
  taintsFilter,
  pinnedFilter,
  labelsFilter,
];

/** True for the places that an application could come to, were there nothing else. */
export function prepareMayTake(
  app: Application,
  snapshot: Snapshot,
): (candidate: Candidate) => boolean {
  const checks = placeFilters.flatMap((filter) => filter.prepare(app, snapshot) ?? []);
  return (candidate) => checks.every((check) => check(candidate, false) === undefined);
}
