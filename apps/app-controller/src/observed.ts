import { fieldManager, type KubeObject } from "@octoplane/kube/kube";
import { digestOf } from "@octoplane/delivery/digest";
import { objectId, titleOfId } from "@octoplane/delivery/object-id";
import { healthOf } from "@octoplane/delivery/health/assess-health";
import type { Health } from "@octoplane/delivery/health/health";
import { digestAnnotation, ownerNameOf, ownerOf } from "@octoplane/delivery/mark";
import { serviceAddresses, type ServiceView } from "./service-addresses.ts";

/** What is kept of an object that was seen on a cluster: enough to tell drift, health and addresses, and no more. */
export interface Observed {
  readonly id: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The application that it belongs to. */
  readonly owner: string | undefined;
  /** `namespace/name` of that application, for people. */
  readonly ownerName: string | undefined;
  /** A digest of the fields that are ours: another manager who changes one takes it away from us. */
  readonly fieldsDigest: string;
  /** The digest of what was applied last, as the object itself tells it. */
  readonly applied: string | undefined;
  readonly isTerminating: boolean;
  readonly health: Health;
  readonly service: ServiceView | undefined;
}

export function observe(object: KubeObject): Observed {
  const { apiVersion, kind, metadata } = object;
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  return {
    id: objectId({ group, kind, namespace: metadata.namespace, name: metadata.name ?? "" }),
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    owner: ownerOf(object),
    ownerName: ownerNameOf(object),
    fieldsDigest: fieldsDigest(object),
    applied: metadata.annotations?.[digestAnnotation],
    isTerminating: metadata.deletionTimestamp !== undefined,
    health: healthOf(group, object),
    service: group === "" && kind === "Service" ? serviceAddresses(object) : undefined,
  };
}

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: unknown;
}

/**
 * Server-side apply keeps a set of fields for each manager. Whoever changes the value of one of our fields by any other
 * means becomes its owner instead of us, so our set is smaller afterwards; what the server defaulted, pruned or rewrote
 * on the way in does not change it (Kubernetes documentation, "Server-Side Apply").
 */
function fieldsDigest(object: KubeObject): string {
  const entries = (object.metadata["managedFields"] ?? []) as readonly ManagedFields[];
  const ours = entries.find(
    (entry) =>
      entry.manager === fieldManager &&
      entry.operation === "Apply" &&
      (entry.subresource ?? "") === "",
  );
  return ours === undefined ? "" : digestOf(ours.fieldsV1);
}

/** Stands for an object that has done its work and removed itself. */
export function finished(id: string, uid: string): Observed {
  const message = id.startsWith("batch|Job|") ? "" : `${titleOfId(id)} has removed itself`;
  return {
    id,
    uid,
    resourceVersion: "",
    owner: undefined,
    ownerName: undefined,
    fieldsDigest: "",
    applied: undefined,
    isTerminating: false,
    health: { status: "completed", reason: "Completed", message },
    service: undefined,
  };
}
