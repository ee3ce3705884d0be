import type { Application, Copy } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { sameRef } from "@octoplane/resources/record";
import type { AppWorld } from "./app-world.ts";
import { objectId } from "@octoplane/delivery/object-id";
import { withoutMigration } from "./hooks/migration-run.ts";
import { removeCopies } from "./remove-copy.ts";

/** What a reconcile made on a cluster and could not write down, because somebody else had written first. */
export interface Unrecorded {
  /** The uid of the application. */
  readonly owner: string;
  readonly copies: readonly Copy[];
}

/**
 * Takes away again what nobody knows of: another controller may have ended a deletion, or a move, while we were still
 * applying. What belongs where it is stays; the next look at it takes it into the books. Gives what is left to do.
 */
export async function disown(
  world: AppWorld,
  { owner, copies }: Unrecorded,
  app: Application | undefined,
  signal: AbortSignal,
): Promise<Unrecorded | undefined> {
  const current = app?.metadata.uid === owner ? app : undefined;
  const wanted = current?.metadata.deleted === null ? boundClusters(current.status) : [];
  const unwanted = copies.flatMap((copy): readonly Copy[] => {
    if (wanted.some((cluster) => sameRef(cluster, copy.cluster))) return [];
    const known = new Set(
      (current?.status.copies ?? [])
        .filter(({ cluster }) => sameRef(cluster, copy.cluster))
        .flatMap((one) => withoutMigration(one).objects.map(objectId)),
    );
    const made = withoutMigration(copy);
    return [{ ...made, objects: made.objects.filter((item) => !known.has(objectId(item))) }];
  });
  const left = await removeCopies(world, owner, { copies: unwanted }, signal);
  return left.copies.length === 0 ? undefined : { owner, copies: left.copies };
}
