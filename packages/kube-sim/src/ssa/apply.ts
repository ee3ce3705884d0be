/**
 * Server-side apply as a function: the live object, what a manager declares, and who owns what,
 * become the merged object and the new owners, or a list of conflicts. After the description in the
 * Kubernetes documentation ("Server-Side Apply") and the behaviour of sigs.k8s.io/structured-merge-
 * diff.
 */
import type { JsonMap } from "../json.ts";
import {
  changedFields,
  difference,
  emptySet,
  equalSets,
  fieldSetOf,
  intersection,
  isEmptySet,
  pathsOf,
  removedFields,
  union,
  type FieldSet,
} from "./field-set.ts";
import type { FieldType } from "./field-type.ts";
import { isSameManager, sharesScope, type Identity, type Manager } from "./managers.ts";
import { mergeValue, removeFields } from "./merge.ts";

export interface ApplyInput {
  /** The ownable part of the live object; undefined when it does not exist. */
  readonly live: JsonMap | undefined;
  /** The ownable part of what is applied. */
  readonly config: JsonMap;
  readonly type: FieldType;
  readonly managers: readonly Manager[];
  readonly applier: Identity;
  readonly force: boolean;
}

export interface Conflict {
  readonly manager: Manager;
  /** `.spec.replicas` */
  readonly paths: readonly string[];
}

export type ApplyOutcome =
  | { readonly conflicts: readonly Conflict[] }
  | {
      readonly conflicts?: undefined;
      readonly merged: JsonMap;
      readonly managers: readonly Manager[];
    };

/** Applies. The result shares structure with the input; neither may be changed afterwards. */
export function applyFields(input: ApplyInput): ApplyOutcome {
  const { live, config, type, applier } = input;
  const applied: FieldSet = { ...fieldSetOf(config, type), member: false };
  const merged = mergeValue(live, config, type) as JsonMap;
  const changed = live === undefined ? emptySet : changedFields(live, merged, type);
  const others = input.managers.filter((manager) => !isSameManager(manager, applier));
  const conflicts = findConflicts(others, changed, applier);
  if (conflicts.length > 0 && !input.force) return { conflicts };

  const remaining = others.map((manager) =>
    sharesScope(manager, applier)
      ? { ...manager, fields: difference(manager.fields, changed) }
      : manager,
  );
  const previous = input.managers.find((manager) => isSameManager(manager, applier));
  const pruned = prune(merged, type, {
    before: previous?.fields ?? emptySet,
    applied,
    others: remaining.map((manager) => manager.fields),
  });
  const time =
    previous !== undefined && equalSets(previous.fields, applied) ? previous.time : applier.time;
  const removed = live === undefined ? emptySet : removedFields(live, pruned, type);
  const kept = remaining.map((manager) =>
    sharesScope(manager, applier)
      ? { ...manager, fields: difference(manager.fields, removed) }
      : manager,
  );
  return { merged: pruned, managers: [...kept, { ...applier, time, fields: applied }] };
}

function findConflicts(
  others: readonly Manager[],
  changed: FieldSet,
  applier: Identity,
): readonly Conflict[] {
  return others.flatMap((manager) => {
    if (!sharesScope(manager, applier)) return [];
    const both = intersection(manager.fields, changed);
    return isEmptySet(both) ? [] : [{ manager, paths: pathsOf(both) }];
  });
}

/** Takes away what the manager declared before, does not declare any more, and nobody else owns. */
function prune(
  merged: JsonMap,
  type: FieldType,
  sets: {
    readonly before: FieldSet;
    readonly applied: FieldSet;
    readonly others: readonly FieldSet[];
  },
): JsonMap {
  const gone = difference(sets.before, sets.applied);
  if (isEmptySet(gone)) return merged;
  const kept = sets.others.reduce(union, sets.applied);
  return removeFields(merged, type, { gone, kept }) as JsonMap;
}
