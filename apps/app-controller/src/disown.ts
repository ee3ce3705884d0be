import type { Application, Copy } from "@octoplane/kinds/application";
import { sameRef } from "@octoplane/resources/record";
import type { AppWorld } from "./app-world.ts";
import { objectId } from "./desired.ts";
import { removeCopy } from "./remove-copy.ts";

/** What a reconcile made on a cluster and could not write down, because somebody else had written first. */
export interface Unrecorded {
  /** The uid of the application. */
  readonly owner: string;
  readonly copy: Copy;
}

/**
 * Takes away again what nobody knows of: another controller may have ended a deletion, or a move, while we were still
 * applying. What belongs where it is stays; the next look at it takes it into the books. Gives what is left to do.
 */
export async function disown(
  world: AppWorld,
  { owner, copy }: Unrecorded,
  app: Application | undefined,
  signal: AbortSignal,
): Promise<Unrecorded | undefined> {
  const current = app?.metadata.uid === owner ? app : undefined;
  const target = current?.metadata.deleted === null ? current.status.scheduled_to : null;
  if (target !== null && sameRef(target, copy.cluster)) return undefined;
  const known = new Set(
    (current?.status.copies ?? [])
      .filter(({ cluster }) => sameRef(cluster, copy.cluster))
      .flatMap(({ objects }) => objects.map(objectId)),
  );
  const objects = copy.objects.filter((item) => !known.has(objectId(item)));
  const { remaining } = await removeCopy(world, owner, { ...copy, objects }, signal);
  return remaining.length === 0 ? undefined : { owner, copy: { ...copy, objects: [...remaining] } };
}
