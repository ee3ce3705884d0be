import { ensureMap, type JsonMap } from "../json.ts";
import {
  defaultAutoscaler,
  defaultBinding,
  defaultDefinition,
  defaultNamespace,
  defaultNetworkPolicy,
  defaultPriorityClass,
  defaultSecret,
  defaultWebhooks,
} from "./other-defaults.ts";
import { defaultPod } from "./pod-defaults.ts";
import { defaultService } from "./service-defaults.ts";
import { tidyValue } from "./tidy-value.ts";
import { defaultClaim, defaultClass, defaultVolume } from "./volume-defaults.ts";
import {
  defaultCronJob,
  defaultDaemonSet,
  defaultDeployment,
  defaultJob,
  defaultReplicaSet,
  defaultReplicationController,
  defaultStatefulSet,
} from "./workload-defaults.ts";

const byKind: Readonly<Record<string, (object: JsonMap) => void>> = {
  "/namespaces": defaultNamespace,
  "/pods": (object) => {
    defaultPod(ensureMap(object, "spec"));
    const status = ensureMap(object, "status");
    status["phase"] ??= "Pending";
  },
  "/services": defaultService,
  "/secrets": defaultSecret,
  "/persistentvolumeclaims": defaultClaim,
  "/persistentvolumes": defaultVolume,
  "/replicationcontrollers": defaultReplicationController,
  "apps/deployments": defaultDeployment,
  "apps/replicasets": defaultReplicaSet,
  "apps/statefulsets": defaultStatefulSet,
  "apps/daemonsets": defaultDaemonSet,
  "batch/jobs": defaultJob,
  "batch/cronjobs": defaultCronJob,
  "autoscaling/horizontalpodautoscalers": defaultAutoscaler,
  "networking.k8s.io/networkpolicies": defaultNetworkPolicy,
  "rbac.authorization.k8s.io/rolebindings": defaultBinding,
  "rbac.authorization.k8s.io/clusterrolebindings": defaultBinding,
  "storage.k8s.io/storageclasses": defaultClass,
  "scheduling.k8s.io/priorityclasses": defaultPriorityClass,
  "admissionregistration.k8s.io/mutatingwebhookconfigurations": defaultWebhooks,
  "admissionregistration.k8s.io/validatingwebhookconfigurations": defaultWebhooks,
  "apiextensions.k8s.io/customresourcedefinitions": defaultDefinition,
};

/**
 * Tidies and completes an object of a built-in kind, in place, as the API server does before it
 * stores it.
 */
export function defaultObject(kindKey: string, object: JsonMap): void {
  tidyValue(object);
  byKind[kindKey]?.(object);
  tidyValue(object);
}
