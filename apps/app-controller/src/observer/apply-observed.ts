import type { InventoryItem } from "@octoplane/kinds/application";
import type { DesiredObject } from "@octoplane/delivery/desired";
import { ownObject, pinnedFields } from "@octoplane/delivery/observed-object";
import { fieldManager, type ApplyResult, type KubeObject } from "@octoplane/kube/kube";
import type { ClusterView } from "../cluster-view.ts";
import type { Apply } from "../plan.ts";

/**
 * Under whose name the whole of an object is applied of which only some fields are ours. It holds the others until somebody
 * changes them, and says nothing when they do (Kubernetes documentation, "Server-Side Apply", transferring ownership).
 */
export const manifestManager = `${fieldManager}-manifest`;

export interface ObservedResult extends ApplyResult {
  readonly pinned: NonNullable<InventoryItem["pinned"]>;
}

/** Applies the whole of an object when it is made or written anew, and in any case what of it is ours. */
export async function applyObserved(
  view: ClusterView,
  work: {
    readonly desired: DesiredObject;
    readonly item: InventoryItem | undefined;
    readonly cause: Apply["cause"];
    readonly signal: AbortSignal;
  },
): Promise<ObservedResult> {
  const { desired, item, cause, signal } = work;
  const { ref, object } = desired;
  const { kube } = view;
  // A part of an object alone would make another one than is wanted.
  const live = cause === "drifted" ? await kube.get(ref, signal) : undefined;
  const whole =
    live === undefined
      ? await kube.apply(ref, object, { force: true, manager: manifestManager }, signal)
      : undefined;
  const pinned = pinnedFields(desired, whole?.object ?? live!, item?.pinned);
  const part = await kube.apply(ref, ownObject(desired, pinned), { force: true }, signal);
  return {
    object: part.object,
    created: whole?.created ?? false,
    warnings: whole?.warnings ?? item?.warnings ?? [],
    pinned,
  };
}

/** Lets go of what was held under that name, once all fields of an object are ours again. */
export async function releaseObserved(
  view: ClusterView,
  desired: DesiredObject,
  work: { readonly after: KubeObject; readonly signal: AbortSignal },
): Promise<KubeObject> {
  const entries = (work.after.metadata["managedFields"] ?? []) as readonly {
    readonly manager?: string;
    readonly fieldsV1?: object;
  }[];
  // A server may keep the name of who holds nothing any more.
  const isHeld = entries.some(
    ({ manager, fieldsV1 }) =>
      manager === manifestManager && Object.keys(fieldsV1 ?? {}).length > 0,
  );
  if (!isHeld) return work.after;
  const { apiVersion, kind, metadata } = desired.object;
  const { name, namespace } = metadata;
  const place = namespace === undefined ? {} : { namespace };
  const nothing = { apiVersion, kind, metadata: { name: name!, ...place } };
  const options = { force: true, manager: manifestManager };
  return (await view.kube.apply(desired.ref, nothing, options, work.signal)).object;
}
