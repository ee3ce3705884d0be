import type { Application, Copy } from "@octoplane/kinds/application";
import { sameRef } from "@octoplane/resources/record";
import type { AppWorld } from "./app-world.ts";
import { objectId } from "./desired.ts";
import { boundClusters } from "./place.ts";
import { removeCopy } from "./remove-copy.ts";

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
  const left: Copy[] = [];
  for (const copy of copies) {
    if (wanted.some((cluster) => sameRef(cluster, copy.cluster))) continue;
    const known = new Set(
      (current?.status.copies ?? [])
        .filter(({ cluster }) => sameRef(cluster, copy.cluster))
        .flatMap(({ objects }) => objects.map(objectId)),
    );
    const objects = copy.objects.filter((item) => !known.has(objectId(item)));
    const { remaining } = await removeCopy(world, owner, { ...copy, objects }, signal);
    if (remaining.length > 0) left.push({ ...copy, objects: [...remaining] });
  }
  return left.length === 0 ? undefined : { owner, copies: left };
}
