import { factsOf } from "@octoplane/kinds/manifest-facts";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import { migrationSideOf, type MigrationSide } from "@octoplane/kinds/migration-hook";
import { withContainers } from "@octoplane/kinds/pod-spec";
import type { Hook } from "./helm-hooks.ts";

/** Jobs that run while an application moves: on the cluster that it comes from, and then on the one that it comes to. All pure. */

/** From where to where it moves, by the names of the clusters. */
export interface MigrationEnds {
  readonly from: string;
  readonly to: string;
}

/**
 * Those of one side, as they are made: told from where to where, at work at once, and there until somebody has seen how they have
 * ended, whatever time to live they have.
 */
export function migrationHooks(
  manifest: readonly ManifestObject[],
  side: MigrationSide,
  ends: MigrationEnds,
): readonly Hook[] {
  return manifest
    .filter((item) => migrationSideOf(item) === side)
    .map((item) => ({
      item: withEnds(atWork(item), ends),
      moments: [`${side}-migrate`],
      weight: 0,
      policies: ["before-hook-creation"],
    }));
}

function atWork(item: ManifestObject): ManifestObject {
  const { suspend: _suspend, ttlSecondsAfterFinished: _ttl, ...spec } = factsOf(item["spec"]);
  return { ...item, spec };
}

/** In front, because variables may refer to those before them, and in the place of others with these names. */
function withEnds(item: ManifestObject, { from, to }: MigrationEnds): ManifestObject {
  const told = [
    { name: "OCTOPLANE_FROM_CLUSTER", value: from },
    { name: "OCTOPLANE_TO_CLUSTER", value: to },
  ];
  const names = new Set<unknown>(told.map(({ name }) => name));
  return withContainers(item, (container) => {
    const env = Array.isArray(container["env"]) ? (container["env"] as unknown[]) : [];
    const others = env.filter((variable) => !names.has(factsOf(variable)["name"]));
    return { ...container, env: [...told, ...others] };
  });
}
