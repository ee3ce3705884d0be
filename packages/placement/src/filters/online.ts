import type { Filter } from "../filter.ts";

/**
 * The cluster is there and takes applications. Missing metrics keep new applications away but do not drive away the
 * one that runs there: a broken price feed is no reason to move.
 */
export const onlineFilter: Filter = {
  name: "online",
  prepare: () => (candidate, isCurrent) => {
    if (candidate.isDeleted)
      return { reason: "ClusterDeleted", message: "the cluster is being deleted" };
    if (candidate.state === "ONLINE") return undefined;
    if (isCurrent && candidate.state === "FAILING_METRICS") return undefined;
    return { reason: "ClusterNotOnline", message: `the cluster is ${candidate.state}` };
  },
};
