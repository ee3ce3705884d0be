import type { JsonMap } from "./json.ts";
import { isMap } from "./json.ts";

/** One object as it is stored. Never changed after it is stored: a write replaces it. */
export interface SimObject {
  apiVersion: string;
  kind: string;
  metadata: SimMetadata;
  [field: string]: unknown;
}

export interface SimMetadata {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
  [field: string]: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Who set which fields, as `metadata.managedFields` shows it. */
export interface ManagedFieldsEntry {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  time: string;
  fieldsType: "FieldsV1";
  fieldsV1: JsonMap;
  subresource?: string;
}

/** The key of an object within its kind: `namespace/name`, or `/name` when it has no namespace. */
export function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}

export function keyOf(object: SimObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

/** The reference to the controller of an object, if it has one. */
export function controllerOf(object: SimObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** The reference that a controller writes into what it makes. */
export function controllerReference(owner: SimObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** A body that has the outer shape of an object; everything else is checked by its kind. */
export function hasMetadata(value: unknown): value is JsonMap & { metadata: JsonMap } {
  return isMap(value) && isMap(value["metadata"]);
}
