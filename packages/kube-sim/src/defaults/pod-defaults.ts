import { ensureMap, fill, isMap, listAt, textAt, type JsonMap } from "../json.ts";

/**
 * Defaults of a pod template or a pod, in place (k8s.io/kubernetes, pkg/apis/core/v1/defaults.go).
 */
export function defaultPodSpec(spec: JsonMap): void {
  fill(spec, {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  const account = textAt(spec, "serviceAccountName") ?? textAt(spec, "serviceAccount");
  if (account !== undefined && account !== "") {
    spec["serviceAccountName"] = account;
    spec["serviceAccount"] = account;
  }
  for (const field of ["containers", "initContainers"]) {
    for (const container of listAt(spec, field)) {
      defaultContainer(container);
    }
  }
  for (const volume of listAt(spec, "volumes")) defaultVolume(volume);
}

/** What admission and the scheduler's defaults add to a pod that is really created. */
export function defaultPod(spec: JsonMap): void {
  defaultPodSpec(spec);
  fill(spec, {
    enableServiceLinks: true,
    serviceAccountName: "default",
    serviceAccount: "default",
    preemptionPolicy: "PreemptLowerPriority",
    priority: 0,
    tolerations: [notReady("not-ready"), notReady("unreachable")],
  });
  for (const container of [...listAt(spec, "containers"), ...listAt(spec, "initContainers")]) {
    if (spec["hostNetwork"] === true) {
      for (const port of listAt(container, "ports"))
        fill(port, { hostPort: port["containerPort"] });
    }
    const resources = ensureMap(container, "resources");
    if (isMap(resources["limits"])) fill(ensureMap(resources, "requests"), resources["limits"]);
  }
}

function notReady(what: string): JsonMap {
  return {
    key: `node.kubernetes.io/${what}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 300,
  };
}

function defaultContainer(container: JsonMap): void {
  const image = textAt(container, "image") ?? "";
  const name = image.slice(image.lastIndexOf("/") + 1);
  const isLatest = !name.includes("@") && (!name.includes(":") || name.endsWith(":latest"));
  fill(container, {
    imagePullPolicy: isLatest ? "Always" : "IfNotPresent",
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  });
  for (const port of listAt(container, "ports")) fill(port, { protocol: "TCP" });
  for (const variable of listAt(container, "env")) {
    const source = variable["valueFrom"];
    if (isMap(source) && isMap(source["fieldRef"])) fill(source["fieldRef"], { apiVersion: "v1" });
    if (isMap(source) && isMap(source["resourceFieldRef"])) {
      fill(source["resourceFieldRef"], { divisor: "0" });
    }
    if (variable["value"] === "") delete variable["value"];
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = container[name];
    if (isMap(probe)) defaultProbe(probe);
  }
  const lifecycle = container["lifecycle"];
  if (isMap(lifecycle)) Object.values(lifecycle).filter(isMap).forEach(defaultHttpGet);
}

function defaultProbe(probe: JsonMap): void {
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  if (isMap(probe["grpc"])) fill(probe["grpc"], { service: "" });
  defaultHttpGet(probe);
}

function defaultHttpGet(handler: JsonMap): void {
  const request = handler["httpGet"];
  if (isMap(request)) fill(request, { path: "/", scheme: "HTTP" });
}

/** 0644, as a number of JSON. */
const defaultMode = 420;

function defaultVolume(volume: JsonMap): void {
  if (Object.keys(volume).every((field) => field === "name")) volume["emptyDir"] = {};
  for (const source of ["secret", "configMap", "projected", "downwardAPI"]) {
    const found = volume[source];
    if (isMap(found)) fill(found, { defaultMode });
  }
  if (isMap(volume["hostPath"])) fill(volume["hostPath"], { type: "" });
  for (const item of listAt(volume, "downwardAPI", "items")) {
    if (isMap(item["fieldRef"])) fill(item["fieldRef"], { apiVersion: "v1" });
  }
  for (const source of listAt(volume, "projected", "sources")) {
    const token = source["serviceAccountToken"];
    if (isMap(token)) fill(token, { expirationSeconds: 3_600 });
    for (const item of listAt(source, "downwardAPI", "items")) {
      if (isMap(item["fieldRef"])) fill(item["fieldRef"], { apiVersion: "v1" });
    }
  }
}
