/**
 * The order in which objects are applied; removal goes backwards. An object of a later phase may need one of an earlier
 * phase to be there: a namespace, a definition, a configuration, a service account.
 */
export const phases = [
  "namespaces",
  "definitions",
  "accounts",
  "configuration",
  "services",
  "workloads",
  "jobs",
  "custom resources",
  "webhooks",
] as const;

export type Phase = (typeof phases)[number];

const phaseByKind: Readonly<Record<string, Phase>> = {
  "/Namespace": "namespaces",
  "apiextensions.k8s.io/CustomResourceDefinition": "definitions",
  "scheduling.k8s.io/PriorityClass": "accounts",
  "storage.k8s.io/StorageClass": "accounts",
  "networking.k8s.io/IngressClass": "accounts",
  "node.k8s.io/RuntimeClass": "accounts",
  "/ServiceAccount": "accounts",
  "/Secret": "configuration",
  "/ConfigMap": "configuration",
  "/PersistentVolume": "configuration",
  "/PersistentVolumeClaim": "configuration",
  "/ResourceQuota": "configuration",
  "/LimitRange": "configuration",
  "networking.k8s.io/NetworkPolicy": "configuration",
  "policy/PodDisruptionBudget": "configuration",
  "/Service": "services",
  "batch/Job": "jobs",
  "batch/CronJob": "jobs",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": "webhooks",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": "webhooks",
  "apiregistration.k8s.io/APIService": "webhooks",
};

const builtInWorkloadGroups = new Set([
  "",
  "apps",
  "autoscaling",
  "networking.k8s.io",
  "discovery.k8s.io",
]);

export function phaseOf({ group, kind }: { readonly group: string; readonly kind: string }): Phase {
  const known = phaseByKind[`${group}/${kind}`];
  if (known) return known;
  if (group === "rbac.authorization.k8s.io") return "accounts";
  return builtInWorkloadGroups.has(group) || group.endsWith(".k8s.io")
    ? "workloads"
    : "custom resources";
}
