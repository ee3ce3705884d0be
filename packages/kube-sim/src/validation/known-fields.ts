/** The fields of the specifications that real manifests get wrong; unknown ones are found by it. */
import { isMap, listAt, mapAt, valueAt, type JsonMap } from "../json.ts";

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/u));
}

const podSpec = words(`
    activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig
    dnsPolicy enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID
    hostUsers hostname hostnameOverride imagePullSecrets initContainers nodeName
    nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates
    resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates
    securityContext serviceAccount serviceAccountName setHostnameAsFQDN
    shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations
    topologySpreadConstraints volumes workloadRef schedulingGroup`);

const container = words(`
    args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports
    readinessProbe resizePolicy resources restartPolicy restartPolicyRules securityContext
    startupProbe stdin stdinOnce terminationMessagePath terminationMessagePolicy tty
    volumeDevices volumeMounts workingDir targetContainerName`);

const job = words(`
    activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions
    managedBy manualSelector maxFailedIndexes parallelism podFailurePolicy
    podReplacementPolicy scheduling selector successPolicy suspend template
    ttlSecondsAfterFinished`);

const specs: Readonly<Record<string, ReadonlySet<string>>> = {
  "/pods": podSpec,
  "/services": words(`
    allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName
    externalTrafficPolicy healthCheckNodePort internalTrafficPolicy ipFamilies
    ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges ports
    publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig
    trafficDistribution type`),
  "/persistentvolumeclaims": words(`
    accessModes dataSource dataSourceRef resources selector storageClassName
    volumeAttributesClassName volumeMode volumeName`),
  "apps/deployments": words(`
    minReadySeconds paused progressDeadlineSeconds replicas revisionHistoryLimit selector
    strategy template`),
  "apps/replicasets": words("minReadySeconds replicas selector template"),
  "apps/statefulsets": words(`
    minReadySeconds ordinals persistentVolumeClaimRetentionPolicy podManagementPolicy
    replicas revisionHistoryLimit selector serviceName template updateStrategy
    volumeClaimTemplates`),
  "apps/daemonsets": words("minReadySeconds revisionHistoryLimit selector template updateStrategy"),
  "batch/jobs": job,
  "batch/cronjobs": words(`
    concurrencyPolicy failedJobsHistoryLimit jobTemplate schedule startingDeadlineSeconds
    successfulJobsHistoryLimit suspend timeZone`),
};

interface Found {
  readonly holder: JsonMap;
  readonly field: string;
  /** `spec.template.spec.foo` */
  readonly path: string;
  /** Where the holder is, with the names of containers in place of their indices. */
  readonly keyedPath: string;
}

/**
 * Fields of a built-in kind that do not exist: in its spec, its pod template, its containers.
 * Containers are called by their names, as server-side apply does it:
 * `spec.containers[name="web"].foo`.
 */
export function unknownFields(kindKey: string, object: JsonMap): readonly string[] {
  return find(kindKey, object).map(({ keyedPath, field }) => `${keyedPath}.${field}`);
}

/** Takes them out, in place, as decoding into the server's types does; returns their paths. */
export function dropUnknownFields(kindKey: string, object: JsonMap): readonly string[] {
  const found = find(kindKey, object);
  for (const { holder, field } of found) delete holder[field];
  return found.map(({ path }) => path);
}

function find(kindKey: string, object: JsonMap): readonly Found[] {
  const known = specs[kindKey];
  if (known === undefined) return [];
  const found: Found[] = check(mapAt(object, "spec"), "spec", known);
  if (kindKey === "batch/cronjobs") {
    found.push(
      ...check(mapAt(object, "spec", "jobTemplate", "spec"), "spec.jobTemplate.spec", job),
    );
  }
  const path = podPath(kindKey);
  const pod = valueAt(object, ...path);
  if (!isMap(pod)) return found;
  const place = path.join(".");
  if (kindKey !== "/pods") found.push(...check(pod, place, podSpec));
  for (const field of ["containers", "initContainers"]) {
    listAt(pod, field).forEach((entry, index) => {
      const keyedPath = `${place}.${field}[name=${JSON.stringify(entry["name"] ?? "")}]`;
      const unknown = check(entry, `${place}.${field}[${index}]`, container);
      found.push(...unknown.map((one) => ({ ...one, keyedPath })));
    });
  }
  return found;
}

function podPath(kindKey: string): readonly string[] {
  if (kindKey === "/pods") return ["spec"];
  const template = ["template", "spec"];
  return kindKey === "batch/cronjobs"
    ? ["spec", "jobTemplate", "spec", ...template]
    : ["spec", ...template];
}

function check(holder: JsonMap, place: string, known: ReadonlySet<string>): Found[] {
  return Object.keys(holder)
    .filter((field) => !known.has(field))
    .map((field) => ({ holder, field, path: `${place}.${field}`, keyedPath: place }));
}
