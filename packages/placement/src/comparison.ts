import type { Application } from "@octoplane/kinds/application";
import { filters, prepareFilters, type Filter, type PreparedFilter } from "./filter.ts";
import { preparePreferences, type PreparedPreference } from "./preferences.ts";
import type { Snapshot } from "./snapshot.ts";
import { prepareWeighing, type Weighing } from "./weighing.ts";

/** By what an application compares clusters: read once, and then held against many of them. */
export interface Comparison {
  readonly prepared: readonly PreparedFilter[];
  readonly preferences: readonly PreparedPreference[];
  readonly weighing: Weighing;
}

/** `wanted` are the filters that are asked; left out, all. Pure. */
export function prepareComparison(
  app: Application,
  snapshot: Snapshot,
  wanted: readonly Filter[] = filters,
): Comparison {
  return {
    prepared: prepareFilters(app, snapshot, wanted),
    preferences: preparePreferences(app, snapshot),
    weighing: prepareWeighing(app, snapshot),
  };
}
