import { ensureMap, fill, isMap, type JsonMap } from "../json.ts";

export function defaultClaimSpec(spec: JsonMap): void {
  fill(spec, { volumeMode: "Filesystem" });
  if (isMap(spec["dataSource"])) fill(spec, { dataSourceRef: { ...spec["dataSource"] } });
}

/** The class that a claim without one gets, as a cluster with one default class does it. */
export const defaultStorageClass = "standard";

/** The finalizer that keeps a claim until no pod uses it. */
export const claimProtection = "kubernetes.io/pvc-protection";

/** The finalizer that keeps a volume until no claim is bound to it. */
export const volumeProtection = "kubernetes.io/pv-protection";

export function defaultClaim(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  defaultClaimSpec(spec);
  fill(spec, { resources: {}, storageClassName: defaultStorageClass });
  fill(ensureMap(object, "status"), { phase: "Pending" });
}

export function defaultVolume(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  fill(spec, { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" });
  if (isMap(spec["hostPath"])) fill(spec["hostPath"], { type: "" });
  fill(ensureMap(object, "status"), { phase: "Pending" });
}

export function defaultClass(object: JsonMap): void {
  fill(object, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" });
}
