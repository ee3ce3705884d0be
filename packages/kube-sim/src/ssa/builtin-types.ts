import { atomic, granular, keyed, set, type FieldType } from "./field-type.ts";

/**
 * The field types of the built-in kinds, as far as they differ from "maps are granular, lists are
 * atomic". Taken from the markers (listType, mapType, structType) in k8s.io/api.
 */

const metadata = granular({
  finalizers: set,
  ownerReferences: keyed(["uid"], atomic),
});

const conditions = keyed(["type"]);

/** References to a name or a key are taken as a whole. */
const envSource = granular({
  configMapKeyRef: atomic,
  secretKeyRef: atomic,
  fieldRef: atomic,
  resourceFieldRef: atomic,
});

const container = granular({
  env: keyed(["name"], granular({ valueFrom: envSource })),
  ports: keyed(["containerPort", "protocol"], granular({}), { protocol: "TCP" }),
  volumeMounts: keyed(["mountPath"]),
  volumeDevices: keyed(["devicePath"]),
  resources: granular({ claims: keyed(["name"]) }),
});

const claimTemplate = granular({
  metadata,
  spec: granular({ selector: atomic, dataSource: atomic }),
});

const volume = granular({
  ephemeral: granular({ volumeClaimTemplate: claimTemplate }),
  csi: granular({ nodePublishSecretRef: atomic }),
});

const podSpec = granular({
  containers: keyed(["name"], container),
  initContainers: keyed(["name"], container),
  ephemeralContainers: keyed(["name"], container),
  volumes: keyed(["name"], volume),
  imagePullSecrets: keyed(["name"], atomic),
  hostAliases: keyed(["ip"]),
  nodeSelector: atomic,
  affinity: granular({
    nodeAffinity: granular({ requiredDuringSchedulingIgnoredDuringExecution: atomic }),
  }),
  topologySpreadConstraints: keyed(
    ["topologyKey", "whenUnsatisfiable"],
    granular({ labelSelector: atomic }),
  ),
  schedulingGates: keyed(["name"]),
  resourceClaims: keyed(["name"]),
});

const podTemplate = granular({ metadata, spec: podSpec });

const workload = granular({
  metadata,
  spec: granular({
    selector: atomic,
    template: podTemplate,
    volumeClaimTemplates: atomic,
  }),
  status: granular({ conditions }),
});

const plain = granular({ metadata, status: granular({ conditions }) });

const roleBinding = granular({ metadata, roleRef: atomic });

const webhooks = granular({
  metadata,
  webhooks: keyed(["name"], granular({ namespaceSelector: atomic, objectSelector: atomic })),
});

/** By the key of the kind (`group/plural`). */
const types: Readonly<Record<string, FieldType>> = {
  "/pods": granular({
    metadata,
    spec: podSpec,
    status: granular({ conditions, podIPs: keyed(["ip"]) }),
  }),
  "/services": granular({
    metadata,
    spec: granular({
      selector: atomic,
      ports: keyed(["port", "protocol"], granular({}), { protocol: "TCP" }),
    }),
    status: granular({ conditions }),
  }),
  "/serviceaccounts": granular({ metadata, secrets: keyed(["name"]) }),
  "/nodes": granular({
    metadata,
    spec: granular({ podCIDRs: set }),
    status: granular({ conditions, addresses: keyed(["type"]) }),
  }),
  "/replicationcontrollers": workload,
  "/persistentvolumeclaims": granular({
    metadata,
    spec: granular({ selector: atomic, dataSource: atomic }),
    status: granular({ conditions }),
  }),
  "/persistentvolumes": granular({
    metadata,
    spec: granular({ nodeAffinity: granular({ required: atomic }) }),
  }),
  "/resourcequotas": granular({ metadata, spec: granular({ scopeSelector: atomic }) }),
  "/podtemplates": granular({ metadata, template: podTemplate }),
  "apps/deployments": workload,
  "apps/replicasets": workload,
  "apps/statefulsets": workload,
  "apps/daemonsets": workload,
  "batch/jobs": workload,
  "batch/cronjobs": granular({
    metadata,
    spec: granular({ jobTemplate: granular({ metadata, spec: granularJobSpec() }) }),
    status: granular({ active: atomic }),
  }),
  "networking.k8s.io/networkpolicies": granular({
    metadata,
    spec: granular({ podSelector: atomic }),
  }),
  "rbac.authorization.k8s.io/rolebindings": roleBinding,
  "rbac.authorization.k8s.io/clusterrolebindings": roleBinding,
  "policy/poddisruptionbudgets": granular({
    metadata,
    spec: granular({ selector: atomic }),
    status: granular({ conditions }),
  }),
  "autoscaling/horizontalpodautoscalers": granular({
    metadata,
    status: granular({ conditions }),
  }),
  "admissionregistration.k8s.io/mutatingwebhookconfigurations": webhooks,
  "admissionregistration.k8s.io/validatingwebhookconfigurations": webhooks,
};

function granularJobSpec(): FieldType {
  return granular({ selector: atomic, template: podTemplate });
}

/** The field type of a built-in kind; kinds without special fields share one. */
export function builtinFieldType(key: string): FieldType {
  return types[key] ?? plain;
}
