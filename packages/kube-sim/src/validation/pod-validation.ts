import {
  duplicateField,
  invalidField,
  requiredField,
  unsupportedValue,
  type Cause,
} from "../api-error.ts";
import { listAt, numberAt, textAt, textMapAt, type JsonMap } from "../json.ts";
import { canonicalQuantity, quantityNumber } from "../defaults/quantity.ts";

const pullPolicies = ["Always", "IfNotPresent", "Never"];
const nameText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and " +
  "must start and end with " +
  "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/** What is wrong with a pod's specification; `field` is where it stands. */
export function validatePodSpec(spec: JsonMap, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  const containers = listAt(spec, "containers");
  if (containers.length === 0) causes.push(requiredField(`${field}.containers`));
  const volumes = new Set<string>();
  listAt(spec, "volumes").forEach((volume, index) => {
    const name = textAt(volume, "name");
    const place = `${field}.volumes[${index}].name`;
    if (name === undefined || name === "") causes.push(requiredField(place));
    else if (volumes.has(name)) causes.push(duplicateField(place, name));
    else volumes.add(name);
    causes.push(...validateMode(volume, `${field}.volumes[${index}]`));
  });
  const names = new Set<string>();
  const groups = [
    { list: containers, place: `${field}.containers` },
    { list: listAt(spec, "initContainers"), place: `${field}.initContainers` },
  ];
  for (const { list, place } of groups) {
    list.forEach((container, index) => {
      causes.push(...validateContainer(container, `${place}[${index}]`, { names, volumes }));
    });
  }
  return causes;
}

function validateMode(volume: JsonMap, field: string): readonly Cause[] {
  return ["secret", "configMap", "projected", "downwardAPI"].flatMap((source) => {
    const mode = numberAt(volume, source, "defaultMode");
    return mode !== undefined && (mode < 0 || mode > 0o777)
      ? [
          invalidField(
            `${field}.${source}.defaultMode`,
            mode,
            "must be a number between 0 and 0777 (octal), both inclusive",
          ),
        ]
      : [];
  });
}

interface Known {
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
}

function validateContainer(container: JsonMap, field: string, known: Known): readonly Cause[] {
  const causes: Cause[] = [];
  const name = textAt(container, "name") ?? "";
  if (name === "") causes.push(requiredField(`${field}.name`));
  else if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/u.test(name)) {
    causes.push(invalidField(`${field}.name`, name, nameText));
  } else if (known.names.has(name)) causes.push(duplicateField(`${field}.name`, name));
  known.names.add(name);
  if ((textAt(container, "image") ?? "") === "") causes.push(requiredField(`${field}.image`));
  const policy = textAt(container, "imagePullPolicy");
  if (policy !== undefined && !pullPolicies.includes(policy)) {
    causes.push(unsupportedValue(`${field}.imagePullPolicy`, policy, pullPolicies));
  }
  listAt(container, "ports").forEach((port, index) => {
    const number = numberAt(port, "containerPort");
    const place = `${field}.ports[${index}].containerPort`;
    if (number === undefined) causes.push(requiredField(place));
    else if (number < 1 || number > 65_535) {
      causes.push(invalidField(place, number, "must be between 1 and 65535, inclusive"));
    }
  });
  listAt(container, "env").forEach((variable, index) => {
    if ((textAt(variable, "name") ?? "") === "")
      causes.push(requiredField(`${field}.env[${index}].name`));
  });
  listAt(container, "volumeMounts").forEach((mount, index) => {
    const volume = textAt(mount, "name") ?? "";
    const place = `${field}.volumeMounts[${index}].name`;
    // The volumes of claim templates are known only to the StatefulSet, whose template may name
    // them.
    if (!known.volumes.has(volume) && !field.startsWith("spec.template")) {
      const message = `Not found: ${JSON.stringify(volume)}`;
      causes.push({ reason: "FieldValueNotFound", message, field: place });
    }
  });
  causes.push(...validateResources(container, field));
  return causes;
}

function validateResources(container: JsonMap, field: string): readonly Cause[] {
  const requests = textMapAt(container, "resources", "requests");
  const limits = textMapAt(container, "resources", "limits");
  return Object.entries(requests).flatMap(([name, amount]) => {
    const place = `${field}.resources.requests`;
    const asked = quantityNumber(amount);
    const limit = limits[name];
    if (canonicalQuantity(amount) === undefined || asked === undefined) {
      return [
        invalidField(`${place}[${name}]`, amount, "quantities must match the regular expression"),
      ];
    }
    const most = limit === undefined ? undefined : quantityNumber(limit);
    return most !== undefined && asked > most
      ? [invalidField(place, amount, `must be less than or equal to ${name} limit of ${limit}`)]
      : [];
  });
}
