import type { Filter } from "../filter.ts";

/** The cluster is the one that the application names, where it names one. */
export const pinnedFilter: Filter = {
  name: "pinned",
  prepare(app) {
    const pin = app.spec.placement?.cluster ?? null;
    if (pin === null) return undefined;
    const refusal = { reason: "PinnedElsewhere", message: `the application is pinned to ${pin}` };
    return ({ name, kind }) => (kind === undefined && name === pin ? undefined : refusal);
  },
};
