import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import type { Taint } from "@octoplane/kinds/taint";
import { isFailure } from "@octoplane/shared/errors";
import type { TaintChange } from "../input/scheduling-values.ts";
import type { Call } from "../leaf.ts";
import { updateResource } from "../objects/update-resource.ts";
import { printOne } from "../output/print-resource.ts";

/** What decides whether applications may come to a cluster and stay there. */

type Spec = Cluster["spec"];

/** What each command makes of a cluster; `uncordon` ends a drain too. Pure. */
export const schedulings = {
  cordon: (spec: Spec): Spec => ({ ...spec, cordoned: true }),
  uncordon: (spec: Spec): Spec =>
    spec.cordoned === true || spec.drain === true
      ? { ...spec, cordoned: false, drain: false }
      : spec,
  drain: (spec: Spec): Spec => ({ ...spec, drain: true }),
} as const;

/** The taints after the changes, in order; one of the same key and effect gets the new value. Pure. */
export function changedTaints(
  before: readonly Taint[],
  changes: readonly TaintChange[],
): readonly Taint[] {
  return changes.reduce((taints, change) => {
    if (change.type === "remove") {
      const { key, effect } = change;
      return taints.filter(
        (one) => one.key !== key || (effect !== undefined && one.effect !== effect),
      );
    }
    const { taint } = change;
    const isSame = (one: Taint): boolean => one.key === taint.key && one.effect === taint.effect;
    if (!taints.some(isSame)) return [...taints, taint];
    return taints.map((one) => (isSame(one) ? taint : one));
  }, before);
}

/** The same of a whole specification; where nothing changes it is the same one. Pure. */
export function tainted(spec: Spec, changes: readonly TaintChange[]): Spec {
  const before = spec.taints ?? [];
  const taints = [...changedTaints(before, changes)];
  return taints.length === 0 && before.length === 0 ? spec : { ...spec, taints };
}

/** Changes a cluster that is there and prints it; one that is like that already is only printed. */
export async function changeScheduling(
  { args, session }: Call<object>,
  change: (spec: Spec) => Spec,
): Promise<void> {
  const objects = (await session.client()).of(ClusterKind);
  const ref = { namespace: await session.namespace(), name: args[0] ?? "" };
  const kind = anyKind(ClusterKind);
  try {
    const updated = await updateResource(objects, ref, (cluster) => ({
      ...cluster,
      spec: change(cluster.spec),
    }));
    await printOne(session, kind, updated);
  } catch (error) {
    if (!isFailure(error, "NoChange")) throw error;
    await printOne(session, kind, await objects.get(ref));
  }
}
