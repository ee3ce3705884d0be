import type { Application } from "@octoplane/kinds/application";
import { dividedManifest } from "@octoplane/kinds/divide-replicas";
import { wantedManifest } from "@octoplane/kinds/wanted-manifest";
import { overriddenFor, type OverriddenCluster } from "@octoplane/kinds/override";

/**
 * What of an application is meant for one of its places: what verbs adjusted, its share of the replicas where they are divided,
 * and the overrides for its cluster. Most have neither, and are applied as they are written. Pure.
 */
export function manifestFor(
  { spec, status }: Pick<Application, "spec" | "status">,
  index: number,
  cluster: OverriddenCluster,
): ReturnType<typeof overriddenFor> {
  const shares = (status.places ?? []).map(({ share }) => share);
  const isDivided = shares.length > 0 && shares.every((share) => share !== null);
  const wanted = wantedManifest(spec);
  const manifest = isDivided ? dividedManifest(wanted, shares, index) : wanted;
  return overriddenFor(manifest, spec.placement?.overrides, cluster);
}
