import type { Application, Copy, InventoryItem } from "@octoplane/kinds/application";
import { splitHooks, type Hook } from "@octoplane/delivery/helm-hooks";
import { phaseOf } from "@octoplane/delivery/phase";
import type { ApplyState } from "./apply-state.ts";
import { hookState } from "./hooks/hook-state.ts";
import { withoutMigration } from "./hooks/migration-run.ts";
import { removeObjects, type RemoveInput } from "./remove-objects.ts";
import { beginRemoval, runHooks } from "./run-hooks.ts";
import type { Trouble } from "./trouble.ts";

/** What is left of one copy; nothing when it has gone. */
export interface CopyRemains {
  readonly copy: Copy | undefined;
  readonly troubles: readonly Trouble[];
}

type RemovalPlace = Omit<RemoveInput, "items">;

export interface CopyRemoval {
  readonly copy: Copy;
  readonly app: Application | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly record: ((copy: Copy) => Promise<void>) | undefined;
}

/**
 * Removes a copy, and what its hooks have left behind. A hook before the deletion runs while everything still stands, one behind
 * it when only the namespaces do; one that fails stops the deletion, because it may be what saves the data.
 */
export async function removeWithHooks(
  place: RemovalPlace,
  work: CopyRemoval,
): Promise<CopyRemains> {
  // A migration that this copy had a part in is over.
  const copy = withoutMigration(work.copy);
  const state = removalState(place, { ...work, copy });
  const { hooks } = splitHooks(state?.input.manifest ?? []);
  // What never stood in full has nothing to say farewell to.
  const isDue = state !== undefined && (copy.generation > 0 || copy.hooks?.event === "delete");
  if (!isDue || !beginRemoval(state, hooks)) {
    const items = [...copy.objects, ...(copy.hooks?.objects ?? [])];
    return await removeRest(place, copy, items);
  }
  return await removeBetween(place, { copy, hooks, state });
}

async function removeBetween(
  place: RemovalPlace,
  work: { readonly copy: Copy; readonly hooks: readonly Hook[]; readonly state: ApplyState },
): Promise<CopyRemains> {
  const { copy, hooks, state } = work;
  const left = (objects: readonly InventoryItem[]): CopyRemains => ({
    copy: { ...copy, objects: [...objects], hooks: state.hooks! },
    troubles: state.troubles,
  });
  if (!(await runHooks(state, { hooks, side: "pre" }))) return left(copy.objects);
  const isNamespace = (item: InventoryItem): boolean => phaseOf(item) === "namespaces";
  const namespaces = copy.objects.filter(isNamespace);
  const items = copy.objects.filter((item) => !isNamespace(item));
  const removal = await removeObjects({ ...place, items });
  state.troubles.push(...removal.troubles);
  const standing = [...removal.remaining, ...namespaces];
  if (removal.remaining.length > 0) return left(standing);
  if (!(await runHooks(state, { hooks, side: "post" }))) return left(standing);
  const done = { ...copy, hooks: state.hooks! };
  return await removeRest(place, done, [...namespaces, ...state.hooks!.objects]);
}

async function removeRest(
  place: RemovalPlace,
  copy: Copy,
  items: readonly InventoryItem[],
): Promise<CopyRemains> {
  const { remaining, troubles } = await removeObjects({ ...place, items });
  if (remaining.length === 0) return { copy: undefined, troubles };
  const { hooks, ...rest } = copy;
  const isOver = hooks?.event === "delete";
  const kept = isOver ? { hooks: { ...hooks, objects: [] } } : {};
  return { copy: { ...rest, objects: [...remaining], ...kept }, troubles };
}

/** `undefined` for objects of an application of which nothing else is known. */
function removalState(
  place: RemovalPlace,
  { copy, app, labels, record }: CopyRemoval,
): ApplyState | undefined {
  if (app === undefined) return undefined;
  const { hooks } = copy;
  return hookState(place, {
    app,
    copy,
    labels,
    hooks,
    record: async (run) => await record?.({ ...copy, hooks: run }),
  });
}
