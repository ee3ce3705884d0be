/** The last step of every write: no change is written twice, finished deletions are carried out. */
import { ApiError, alreadyExists } from "../api-error.ts";
import { limits } from "@octoplane/shared/limits";
import { equalJson } from "../json.ts";
import { kindKey } from "../kind.ts";
import { kubeTime } from "../kube-time.ts";
import type { SimObject } from "../sim-object.ts";
import { builtinFieldType } from "../ssa/builtin-types.ts";
import type { FieldType } from "../ssa/field-type.ts";
import {
  managersAfterUpdate,
  ownablePart,
  readManagers,
  writeManagers,
  type Identity,
  type Manager,
} from "../ssa/managers.ts";
import { admit } from "./admission.ts";
import type { WriteContext } from "./write-context.ts";

/** How the fields of the context's kind are owned. */
export function fieldTypeOf(context: WriteContext): FieldType {
  return context.kind.custom?.fieldType ?? builtinFieldType(kindKey(context.kind));
}

export function identityOf(context: WriteContext, operation: "Apply" | "Update"): Identity {
  const { kind } = context;
  return {
    name: context.manager,
    operation,
    apiVersion: kind.group === "" ? kind.version : `${kind.group}/${kind.version}`,
    subresource: context.subresource,
    time: kubeTime(context.cluster.clock),
  };
}

/** Sets the owners of the fields on a new copy of the object. */
export function withManagers(object: SimObject, managers: readonly Manager[]): SimObject {
  const { managedFields: _before, ...metadata } = object.metadata;
  const entries = writeManagers(managers);
  const owned = entries.length === 0 ? metadata : { ...metadata, managedFields: entries };
  return { ...object, metadata: owned as SimObject["metadata"] };
}

/** The object with the ownership that an update by the context's manager gives it. */
export function ownedByUpdater(
  context: WriteContext,
  before: SimObject | undefined,
  after: SimObject,
): SimObject {
  // A status lies in the main resource's fields only where there is no subresource for it.
  const scope = {
    subresource: context.subresource === "scale" ? "" : context.subresource,
    hasStatus: context.kind.hasStatus,
  };
  const change = {
    before: ownablePart(before, scope),
    after: ownablePart(after, scope) ?? {},
    type: fieldTypeOf(context),
  };
  const managers = readManagers(before?.metadata.managedFields);
  return withManagers(after, managersAfterUpdate(managers, change, identityOf(context, "Update")));
}

/** Measures the object itself: a few small patches make a large object as well as a large body does. */
function checkSize(object: SimObject): void {
  if (Buffer.byteLength(JSON.stringify(object)) > limits.simObjectBytesMax) {
    throw new ApiError(500, "", "etcdserver: request is too large");
  }
}

/** Stores a new object. */
export function commitNew(context: WriteContext, object: SimObject): SimObject {
  const { cluster, kind } = context;
  const key = kindKey(kind);
  if (cluster.storage.get(key, object.metadata.namespace, object.metadata.name) !== undefined) {
    throw alreadyExists(kind, object.metadata.name);
  }
  admit(cluster, { kind, object, operation: "CREATE" });
  checkSize(object);
  return context.dryRun ? object : cluster.storage.put(key, object);
}

/** Whether a new state says nothing that the stored one does not; its own version is not looked at. */
export function isUnchanged(live: SimObject, next: SimObject): boolean {
  const metadata = { ...next.metadata, resourceVersion: live.metadata.resourceVersion };
  return equalJson({ ...next, metadata }, live);
}

/** Stores a changed object; one that is the same as before keeps its version. */
export function commitChanged(context: WriteContext, live: SimObject, next: SimObject): SimObject {
  const { cluster, kind } = context;
  if (isUnchanged(live, next)) return live;
  if (context.subresource === "") admit(cluster, { kind, object: next, operation: "UPDATE" });
  checkSize(next);
  if (context.dryRun) return next;
  const key = kindKey(kind);
  const isFinished =
    next.metadata.deletionTimestamp !== undefined &&
    (next.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    (next.metadata.finalizers ?? []).length === 0 &&
    (live.metadata.finalizers ?? []).length > 0;
  if (isFinished) {
    cluster.storage.remove(key, live);
    return next;
  }
  return cluster.storage.put(key, next);
}
