import type { Application } from "@octoplane/kinds/application";
import type { Verdict } from "@octoplane/kinds/decision";
import { capacityFilter } from "./filters/capacity.ts";
import { customResourcesFilter } from "./filters/custom-resources.ts";
import { expressionsFilter } from "./filters/expressions.ts";
import { metricsFilter } from "./filters/metrics.ts";
import { neighboursFilter } from "./filters/neighbours.ts";
import { placeFilters } from "./filters/place-filters.ts";
import type { Candidate } from "./candidate.ts";
import type { Snapshot } from "./snapshot.ts";

/** Why a candidate does not fit: a constant for programs and a sentence for people. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Says whether one candidate fits; `undefined` means that it does. */
export type Check = (candidate: Candidate, isCurrent: boolean) => Refusal | undefined;

/**
 * A filter reads the application, and what it needs of the snapshot, once and then looks at many candidates. `undefined`: it
 * has nothing to say of this application, and no verdict names it.
 */
export interface Filter {
  readonly name: string;
  /** True when what it says goes up and down with numbers. */
  readonly followsMetrics?: boolean;
  prepare(app: Application, snapshot: Snapshot): Check | undefined;
}

/** Those that look at the application and the cluster alone, and at nobody else. */
export const soloFilters: readonly Filter[] = [
  ...placeFilters,
  customResourcesFilter,
  metricsFilter,
  expressionsFilter,
];

/** In the order in which they are asked. */
export const filters: readonly Filter[] = [...soloFilters, neighboursFilter, capacityFilter];

export interface PreparedFilter {
  readonly name: string;
  readonly followsMetrics?: boolean;
  readonly check: Check;
}

export function prepareFilters(
  app: Application,
  snapshot: Snapshot,
  wanted: readonly Filter[] = filters,
): readonly PreparedFilter[] {
  return wanted.flatMap(({ name, prepare, followsMetrics = false }) => {
    const check = prepare(app, snapshot);
    return check === undefined ? [] : [{ name, check, followsMetrics }];
  });
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

/** True when nothing but numbers, which may be others in a moment, is against the cluster that an application is on. */
export function isRefusedByMetrics(
  prepared: readonly PreparedFilter[],
  candidate: Candidate,
): boolean {
  const refusing = prepared.filter(({ check }) => check(candidate, true) !== undefined);
  return refusing.length > 0 && refusing.every(({ followsMetrics }) => followsMetrics === true);
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
