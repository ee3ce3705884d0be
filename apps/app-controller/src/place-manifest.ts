import type { Application } from "@octoplane/kinds/application";
import { divideReplicas } from "@octoplane/kinds/divide-replicas";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import {
  isScalable,
  overriddenFor,
  replicated,
  type OverriddenCluster,
} from "@octoplane/kinds/override";

/**
 * What of an application is meant for one of its places: its share of the replicas where they are divided, and the
 * overrides for its cluster. Most have neither, and are applied as they are written. Pure.
 */
export function manifestFor(
  { spec, status }: Pick<Application, "spec" | "status">,
  index: number,
  cluster: OverriddenCluster,
): ReturnType<typeof overriddenFor> {
  const shares = (status.places ?? []).map(({ share }) => share);
  const isDivided = shares.length > 0 && shares.every((share) => share !== null);
  const manifest = isDivided
    ? spec.manifest.map((item) => divided(item, shares, index))
    : spec.manifest;
  return overriddenFor(manifest, spec.placement?.overrides, cluster);
}

/** Kubernetes takes one replica where no number is written. */
function divided(item: ManifestObject, shares: readonly number[], index: number): ManifestObject {
  if (!isScalable(item)) return item;
  const { replicas } = (item["spec"] ?? {}) as { readonly replicas?: unknown };
  const total = typeof replicas === "number" && replicas >= 0 ? replicas : 1;
  return replicated(item, divideReplicas(total, shares)[index] ?? total);
}
