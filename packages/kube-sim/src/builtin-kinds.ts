import { apiVersionOf, kindKey, type SimKind } from "./kind.ts";

/**
 * The kinds that every cluster serves. One line each: group, version, kind, plural, then flags:
 * N namespaced, S has a status, C has a scale, G counts generations, A in the category `all`;
 * and the short names.
 */
const lines: readonly (readonly [string, string, string, string, string, ...string[]])[] = [
  ["", "v1", "Namespace", "namespaces", "S", "ns"],
  ["", "v1", "Node", "nodes", "S", "no"],
  ["", "v1", "Pod", "pods", "NSAG", "po"],
  ["", "v1", "Service", "services", "NSA", "svc"],
  ["", "v1", "ConfigMap", "configmaps", "N", "cm"],
  ["", "v1", "Secret", "secrets", "N"],
  ["", "v1", "ServiceAccount", "serviceaccounts", "N", "sa"],
  ["", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "NS", "pvc"],
  ["", "v1", "PersistentVolume", "persistentvolumes", "S", "pv"],
  ["", "v1", "Event", "events", "N", "ev"],
  ["", "v1", "Endpoints", "endpoints", "N", "ep"],
  ["", "v1", "ReplicationController", "replicationcontrollers", "NSCAG", "rc"],
  ["", "v1", "ResourceQuota", "resourcequotas", "NS", "quota"],
  ["", "v1", "LimitRange", "limitranges", "N", "limits"],
  ["", "v1", "PodTemplate", "podtemplates", "N"],
  ["apps", "v1", "Deployment", "deployments", "NSCGA", "deploy"],
  ["apps", "v1", "ReplicaSet", "replicasets", "NSCGA", "rs"],
  ["apps", "v1", "StatefulSet", "statefulsets", "NSCGA", "sts"],
  ["apps", "v1", "DaemonSet", "daemonsets", "NSGA", "ds"],
  ["apps", "v1", "ControllerRevision", "controllerrevisions", "N"],
  ["batch", "v1", "Job", "jobs", "NSGA"],
  ["batch", "v1", "CronJob", "cronjobs", "NSGA", "cj"],
  ["networking.k8s.io", "v1", "Ingress", "ingresses", "NSG", "ing"],
  ["networking.k8s.io", "v1", "IngressClass", "ingressclasses", "G"],
  ["networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "NG", "netpol"],
  ["rbac.authorization.k8s.io", "v1", "Role", "roles", "N"],
  ["rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", "N"],
  ["rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", ""],
  ["rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", ""],
  ["policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "NSG", "pdb"],
  ["autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "NSA", "hpa"],
  [
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    "SG",
    "crd",
    "crds",
  ],
  ["storage.k8s.io", "v1", "StorageClass", "storageclasses", "", "sc"],
  ["coordination.k8s.io", "v1", "Lease", "leases", "N"],
  ["scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", "G", "pc"],
  [
    "admissionregistration.k8s.io",
    "v1",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
    "G",
  ],
  [
    "admissionregistration.k8s.io",
    "v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    "G",
  ],
  ["discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", "NG"],
];

export const builtinKinds: readonly SimKind[] = lines.map(
  ([group, version, kind, plural, flags, ...shortNames]) => ({
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    namespaced: flags.includes("N"),
    hasStatus: flags.includes("S"),
    hasScale: flags.includes("C"),
    hasGeneration: flags.includes("G"),
    categories: flags.includes("A") ? ["all"] : [],
    shortNames,
  }),
);

const byKind = new Map(builtinKinds.map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, kind]));
const byKey = new Map(builtinKinds.map((kind) => [kindKey(kind), kind]));

/** A built-in kind by its place, `apps/deployments` or `/pods`; one that is not there is a bug. */
export function builtinKind(key: string): SimKind {
  const kind = byKey.get(key);
  if (kind === undefined) throw new Error(`no built-in kind ${key}`);
  return kind;
}

export function builtinKindOf(apiVersion: string, kind: string): SimKind | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}
