import { cloneJson, ensureMap, fill, isMap, listAt, textAt, type JsonMap } from "../json.ts";
import { defaultPodSpec } from "./pod-defaults.ts";
import { defaultClaimSpec } from "./volume-defaults.ts";

function defaultTemplate(spec: JsonMap): void {
  const template = ensureMap(spec, "template");
  ensureMap(template, "metadata");
  defaultPodSpec(ensureMap(template, "spec"));
}

/** Workloads without labels of their own take those of their template. */
function labelsFromTemplate(object: JsonMap): void {
  const metadata = ensureMap(object, "metadata");
  const spec = ensureMap(object, "spec");
  const labels = ensureMap(ensureMap(spec, "template"), "metadata")["labels"];
  if (metadata["labels"] === undefined && isMap(labels)) metadata["labels"] = cloneJson(labels);
}

export function defaultDeployment(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = ensureMap(spec, "strategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") {
    fill(ensureMap(strategy, "rollingUpdate"), { maxUnavailable: "25%", maxSurge: "25%" });
  }
  defaultTemplate(spec);
}

export function defaultReplicaSet(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  fill(spec, { replicas: 1 });
  labelsFromTemplate(object);
  defaultTemplate(spec);
}

export function defaultReplicationController(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  const labels = ensureMap(ensureMap(ensureMap(spec, "template"), "metadata"), "labels");
  fill(spec, { replicas: 1, selector: cloneJson(labels) });
  labelsFromTemplate(object);
  defaultTemplate(spec);
}

export function defaultStatefulSet(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  fill(spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    podManagementPolicy: "OrderedReady",
  });
  fill(ensureMap(spec, "persistentVolumeClaimRetentionPolicy"), {
    whenDeleted: "Retain",
    whenScaled: "Retain",
  });
  const strategy = ensureMap(spec, "updateStrategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") {
    const rolling = ensureMap(strategy, "rollingUpdate");
    fill(rolling, { partition: 0 });
    // Behind the feature gate MaxUnavailableStatefulSet, so the server drops it.
    delete rolling["maxUnavailable"];
  }
  defaultTemplate(spec);
  for (const claim of listAt(spec, "volumeClaimTemplates")) {
    fill(claim, { apiVersion: "v1", kind: "PersistentVolumeClaim" });
    fill(ensureMap(claim, "status"), { phase: "Pending" });
    defaultClaimSpec(ensureMap(claim, "spec"));
  }
}

export function defaultDaemonSet(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  fill(spec, { revisionHistoryLimit: 10 });
  const strategy = ensureMap(spec, "updateStrategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") {
    fill(ensureMap(strategy, "rollingUpdate"), { maxUnavailable: 1, maxSurge: 0 });
  }
  defaultTemplate(spec);
}

function defaultJobSpec(spec: JsonMap): void {
  if (spec["completions"] === undefined && spec["parallelism"] === undefined) {
    spec["completions"] = 1;
  }
  fill(spec, {
    parallelism: 1,
    backoffLimit: 6,
    completionMode: "NonIndexed",
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: spec["podFailurePolicy"] === undefined ? "TerminatingOrFailed" : "Failed",
  });
  defaultTemplate(spec);
}

export function defaultJob(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  defaultJobSpec(spec);
  if (spec["manualSelector"] !== true) nameJobPods(object, spec);
  labelsFromTemplate(object);
}

function nameJobPods(object: JsonMap, spec: JsonMap): void {
  const metadata = ensureMap(object, "metadata");
  const uid = textAt(metadata, "uid") ?? "";
  const name = textAt(metadata, "name") ?? "";
  const labels = ensureMap(ensureMap(ensureMap(spec, "template"), "metadata"), "labels");
  fill(labels, {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  });
  const selector = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
  fill(spec, { selector });
}

export function defaultCronJob(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  fill(spec, {
    concurrencyPolicy: "Allow",
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  const template = ensureMap(spec, "jobTemplate");
  ensureMap(template, "metadata");
  const jobSpec = ensureMap(template, "spec");
  defaultTemplate(jobSpec);
}
