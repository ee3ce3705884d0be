import type { Cluster, ClusterStatus } from "@octoplane/kinds/cluster";
import { taintText } from "@octoplane/kinds/taint";

/**
 * The status with the moment at which each taint of NoExecute was first seen, or `undefined` when it is written there
 * already. A taint that goes and comes back begins anew. In the store, so that a restart starts no clock again. Pure.
 */
export function withTaintTimes(
  status: ClusterStatus,
  spec: Pick<Cluster["spec"], "taints">,
  now: string,
): ClusterStatus | undefined {
  const { taints_since: before, ...others } = status;
  const names = (spec.taints ?? [])
    .filter(({ effect }) => effect === "NoExecute")
    .map((taint) => taintText(taint));
  const known = before ?? {};
  const isSame =
    names.length === Object.keys(known).length && names.every((name) => Object.hasOwn(known, name));
  if (isSame) return undefined;
  if (names.length === 0) return others;
  const since = names.map((name) => [name, Object.hasOwn(known, name) ? known[name]! : now]);
  return { ...others, taints_since: Object.fromEntries(since) as Record<string, string> };
}
