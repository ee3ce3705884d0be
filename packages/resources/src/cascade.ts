import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import type { AnyResource } from "@octoplane/kinds/kind";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { placementOwners } from "./record.ts";

interface Named {
  readonly api: string;
  readonly kind: string;
}

interface Owner extends Named {
  readonly namespace?: string | null | undefined;
  readonly name: string;
}

/**
 * What goes with an object that is deleted: whatever names it as an owner and does not outlive it, what names that, and so on;
 * each once, nearest first, the object itself not. The garbage collector deletes just these. Pure.
 */
export function cascadeOf(
  root: AnyResource,
  everything: Iterable<AnyResource>,
): readonly AnyResource[] {
  const dependents = new Map<string, AnyResource[]>();
  for (const object of everything) {
    for (const owner of object.metadata.owners) {
      if (outlives(object, owner)) continue;
      const key = keyOf(owner, owner);
      const known = dependents.get(key);
      if (known) known.push(object);
      else dependents.set(key, [object]);
    }
  }
  const seen = new Set([keyOf(root, root.metadata)]);
  const found: AnyResource[] = [];
  for (let open: readonly AnyResource[] = [root]; open.length > 0;) {
    const next: AnyResource[] = [];
    for (const owner of open) {
      for (const dependent of dependents.get(keyOf(owner, owner.metadata)) ?? []) {
        const key = keyOf(dependent, dependent.metadata);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(dependent);
      }
    }
    found.push(...next);
    open = next;
  }
  return found;
}

/**
 * True when the end of an owner is not the end of the object: an application that asks for copies is merely placed on a cluster,
 * and one in a single place has merely left something behind where it neither belongs nor runs. The cluster is given up, and
 * waited for until it has been. Pure.
 */
export function outlives(object: AnyResource, owner: Owner): boolean {
  if (object.api !== ApplicationKind.api || object.kind !== ApplicationKind.kind) return false;
  if (owner.api !== ClusterKind.api || owner.kind !== ClusterKind.kind) return false;
  const { spec, status } = object as unknown as Application;
  const isOwner = (ref: ResourceRef | null): boolean =>
    ref !== null && ref.name === owner.name && ref.namespace === (owner.namespace ?? null);
  // Somebody else's word that it belongs to the cluster is another matter.
  if (!placementOwners(status).some(isOwner)) return false;
  if (spec.placement?.copies !== undefined) return true;
  return !isOwner(status.scheduled_to) && !isOwner(status.running_on);
}

/** No part of a name holds a bar. */
function keyOf(
  { api, kind }: Named,
  place: { readonly namespace: string | null; readonly name: string },
): string {
  return [api, kind, place.namespace ?? "", place.name].join("|");
}
