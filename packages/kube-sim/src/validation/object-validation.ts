/**
 * The checks of built-in kinds that real manifests run into. Not every rule of the API server is
 * here.
 */
import {
  duplicateField,
  invalidField,
  requiredField,
  unsupportedValue,
  type Cause,
} from "../api-error.ts";
import {
  isMap,
  listAt,
  mapAt,
  numberAt,
  textAt,
  textMapAt,
  valueAt,
  type JsonMap,
} from "../json.ts";
import { kindKey, type SimKind } from "../kind.ts";
import { selectorMatches } from "../selectors.ts";
import { validateDefinition } from "./definition-validation.ts";
import { validateLabels } from "./metadata-validation.ts";
import { validatePodSpec } from "./pod-validation.ts";

type Check = (object: JsonMap) => readonly Cause[];

const checks: Readonly<Record<string, Check>> = {
  "/pods": (object) => validatePodSpec(mapAt(object, "spec"), "spec"),
  "/services": validateService,
  "/persistentvolumeclaims": validateClaim,
  "/configmaps": (object) => validateKeys(mapAt(object, "data"), "data"),
  "/secrets": (object) => validateKeys(mapAt(object, "data"), "data"),
  "apps/deployments": (object) => validateWorkload(object, ["Always"]),
  "apps/replicasets": (object) => validateWorkload(object, ["Always"]),
  "apps/statefulsets": (object) => validateWorkload(object, ["Always"]),
  "apps/daemonsets": (object) => validateWorkload(object, ["Always"]),
  "batch/jobs": validateJob,
  "batch/cronjobs": validateCronJob,
  "apiextensions.k8s.io/customresourcedefinitions": validateDefinition,
  "networking.k8s.io/ingresses": validateIngress,
  "autoscaling/horizontalpodautoscalers": validateAutoscaler,
};

/** What is wrong with an object of a built-in kind, after its defaults are filled in. */
export function validateObject(kind: SimKind, object: JsonMap): readonly Cause[] {
  return checks[kindKey(kind)]?.(object) ?? [];
}

function validateKeys(data: JsonMap, field: string): readonly Cause[] {
  return Object.keys(data)
    .filter((key) => !/^[-._a-zA-Z0-9]+$/u.test(key))
    .map((key) =>
      invalidField(
        `${field}[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
          "(e.g. 'key.name',  or " +
          "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ),
    );
}

function validateReplicas(spec: JsonMap): readonly Cause[] {
  const replicas = numberAt(spec, "replicas");
  return replicas !== undefined && replicas < 0
    ? [invalidField("spec.replicas", replicas, "must be greater than or equal to 0")]
    : [];
}

function validateWorkload(object: JsonMap, policies: readonly string[]): readonly Cause[] {
  const spec = mapAt(object, "spec");
  const causes: Cause[] = [...validateReplicas(spec)];
  const labels = textMapAt(spec, "template", "metadata", "labels");
  const selector = spec["selector"];
  const field = "spec.template.metadata.labels";
  if (selector === undefined) causes.push(requiredField("spec.selector"));
  if (isMap(selector) && Object.keys(selector).length === 0) {
    causes.push(
      invalidField("spec.selector", selector, "empty selector is invalid for deployment"),
    );
  } else if (!selectorMatches(selector, labels)) {
    causes.push(invalidField(field, labels, "`selector` does not match template `labels`"));
  }
  causes.push(...validateLabels(labels, field));
  causes.push(...validatePodSpec(mapAt(spec, "template", "spec"), "spec.template.spec"));
  const policy = textAt(spec, "template", "spec", "restartPolicy");
  if (policy !== undefined && !policies.includes(policy)) {
    causes.push(unsupportedValue("spec.template.spec.restartPolicy", policy, policies));
  }
  return causes;
}

function validateJobSpec(spec: JsonMap, prefix: string): readonly Cause[] {
  const policy = textAt(spec, "template", "spec", "restartPolicy");
  const policies = ["OnFailure", "Never"];
  const field = `${prefix}.template.spec.restartPolicy`;
  const causes: Cause[] = [];
  if (policy !== "OnFailure" && policy !== "Never") {
    causes.push(
      policy === "Always" || policy === undefined
        ? requiredJobPolicy(field)
        : unsupportedValue(field, policy, policies),
    );
  }
  const podSpec = mapAt(spec, "template", "spec");
  return [...validatePodSpec(podSpec, `${prefix}.template.spec`), ...causes];
}

function requiredJobPolicy(field: string): Cause {
  return requiredField(field, 'valid values: "OnFailure", "Never"');
}

function validateJob(object: JsonMap): readonly Cause[] {
  return validateJobSpec(mapAt(object, "spec"), "spec");
}

function validateCronJob(object: JsonMap): readonly Cause[] {
  const schedule = textAt(object, "spec", "schedule");
  const causes = schedule === undefined || schedule === "" ? [requiredField("spec.schedule")] : [];
  const spec = mapAt(object, "spec", "jobTemplate", "spec");
  return [...causes, ...validateJobSpec(spec, "spec.jobTemplate.spec")];
}

function validateService(object: JsonMap): readonly Cause[] {
  const spec = mapAt(object, "spec");
  const ports = listAt(spec, "ports");
  const isHeadless = spec["clusterIP"] === "None";
  if (ports.length === 0 && !isHeadless && spec["type"] !== "ExternalName") {
    return [requiredField("spec.ports")];
  }
  const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
  const type = textAt(spec, "type") ?? "";
  if (!types.includes(type)) return [unsupportedValue("spec.type", type, types)];
  const causes = ports.flatMap((port, index) => validateServicePort(port, index, ports));
  if (type === "ExternalName" && textAt(spec, "externalName") === undefined) {
    causes.push(requiredField("spec.externalName"));
  }
  return causes;
}

function validateServicePort(
  port: JsonMap,
  index: number,
  ports: readonly JsonMap[],
): readonly Cause[] {
  const field = `spec.ports[${index}]`;
  const causes: Cause[] = [];
  const number = numberAt(port, "port");
  if (number === undefined || number < 1 || number > 65_535) {
    causes.push(
      invalidField(`${field}.port`, number ?? 0, "must be between 1 and 65535, inclusive"),
    );
  }
  const name = textAt(port, "name") ?? "";
  if (ports.length > 1 && name === "") causes.push(requiredField(`${field}.name`));
  const earlier = ports.slice(0, index);
  if (name !== "" && earlier.some((other) => other["name"] === name)) {
    causes.push(duplicateField(`${field}.name`, name));
  }
  const isSame = (other: JsonMap): boolean =>
    other["port"] === port["port"] && other["protocol"] === port["protocol"];
  if (earlier.some(isSame)) {
    causes.push(duplicateField(field, { port: number, protocol: port["protocol"] }));
  }
  return causes;
}

function validateClaim(object: JsonMap): readonly Cause[] {
  const spec = mapAt(object, "spec");
  const modes = spec["accessModes"];
  const causes: Cause[] = [];
  if (!Array.isArray(modes) || modes.length === 0) {
    causes.push(requiredField("spec.accessModes", "at least 1 access mode is required"));
  }
  if (valueAt(spec, "resources", "requests", "storage") === undefined) {
    causes.push(requiredField("spec.resources[storage]"));
  }
  return causes;
}

function validateIngress(object: JsonMap): readonly Cause[] {
  const spec = mapAt(object, "spec");
  if (listAt(spec, "rules").length === 0 && spec["defaultBackend"] === undefined) {
    return [invalidField("spec", {}, "either `defaultBackend` or `rules` must be specified")];
  }
  return listAt(spec, "rules").flatMap((rule, ruleIndex) =>
    listAt(rule, "http", "paths").flatMap((path, index) =>
      path["pathType"] === undefined
        ? [
            requiredField(
              `spec.rules[${ruleIndex}].http.paths[${index}].pathType`,
              "pathType must be specified",
            ),
          ]
        : [],
    ),
  );
}

function validateAutoscaler(object: JsonMap): readonly Cause[] {
  const most = numberAt(object, "spec", "maxReplicas") ?? 0;
  const least = numberAt(object, "spec", "minReplicas") ?? 1;
  if (most < 1) return [invalidField("spec.maxReplicas", most, "must be greater than 0")];
  return most < least
    ? [invalidField("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")]
    : [];
}
