import type { Application } from "@octoplane/kinds/application";
import type { Verdict } from "@octoplane/kinds/decision";
import { customResourcesFilter } from "./filters/custom-resources.ts";
import { labelsFilter } from "./filters/labels.ts";
import { metricsFilter } from "./filters/metrics.ts";
import { onlineFilter } from "./filters/online.ts";
import { taintsFilter } from "./filters/taints.ts";
import type { Candidate } from "./candidate.ts";

/** Why a candidate does not fit: a constant for programs and a sentence for people. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Says whether one candidate fits; `undefined` means that it does. */
export type Check = (candidate: Candidate, isCurrent: boolean) => Refusal | undefined;

/** A filter reads the application once and then looks at many candidates. `now` is in milliseconds since the epoch. */
export interface Filter {
  readonly name: string;
  prepare(app: Application, now: number): Check;
}

/** In the order in which they are asked. */
export const filters: readonly Filter[] = [
  onlineFilter,
  taintsFilter,
  labelsFilter,
  customResourcesFilter,
  metricsFilter,
];

export interface PreparedFilter {
  readonly name: string;
  readonly check: Check;
}

export function prepareFilters(app: Application, now: number): readonly PreparedFilter[] {
  return filters.map((filter) => ({ name: filter.name, check: filter.prepare(app, now) }));
}

export function fitsAll(
  prepared: readonly PreparedFilter[],
  candidate: Candidate,
  isCurrent: boolean,
): boolean {
  for (const { check } of prepared) {
    if (check(candidate, isCurrent) !== undefined) return false;
  }
  return true;
}

/** Every filter's verdict, also after the first refusal: people want to know all that is in the way. */
export function verdictsOf(
  prepared: readonly PreparedFilter[],
  candidate: Candidate,
  isCurrent: boolean,
): Verdict[] {
  return prepared.map(({ name, check }) => {
    const refusal = check(candidate, isCurrent);
    return {
      filter: name,
      fits: refusal === undefined,
      reason: refusal?.reason ?? "",
      message: refusal?.message ?? "",
    };
  });
}
