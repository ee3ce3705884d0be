import { textOf } from "@octoplane/shared/text-of";
import { invalidField, requiredField, type Cause } from "../api-error.ts";
import { mapAt, textAt, type JsonMap } from "../json.ts";
import { kindKey, type SimKind } from "../kind.ts";

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/u;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/u;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/u;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/u;

const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or " +
  "'.', and must start " +
  "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and " +
  "must start and end with " +
  "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or " +
  "'.', and must start and " +
  "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used " +
  "for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const labelNamed = new Set(["/namespaces", "/services"]);

/** What is wrong with name, labels and annotations. */
export function validateMetadata(kind: SimKind, object: JsonMap): readonly Cause[] {
  const metadata = mapAt(object, "metadata");
  const name = textAt(metadata, "name") ?? "";
  return [
    ...validateName(kind, name),
    ...validateLabels(mapAt(metadata, "labels"), "metadata.labels"),
  ];
}

function validateName(kind: SimKind, name: string): readonly Cause[] {
  if (name === "") return [requiredField("metadata.name", "name or generateName is required")];
  if (kind.group === "rbac.authorization.k8s.io") {
    return /[/%]/u.test(name) || name === "." || name === ".."
      ? [invalidField("metadata.name", name, "may not contain '/'")]
      : [];
  }
  const isLabel = labelNamed.has(kindKey(kind));
  const fits = isLabel ? label.test(name) && name.length <= 63 : subdomain.test(name);
  if (!fits) return [invalidField("metadata.name", name, isLabel ? labelText : subdomainText)];
  return name.length > 253
    ? [invalidField("metadata.name", name, "must be no more than 253 characters")]
    : [];
}

/** Labels of the object or of a template. */
export function validateLabels(labels: JsonMap, field: string): readonly Cause[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const text = textOf(value);
    const name = key.slice(key.lastIndexOf("/") + 1);
    if (!qualifiedName.test(name) || name.length > 63) {
      return [
        invalidField(
          field,
          key,
          "name part must consist of alphanumeric characters, '-', '_' or '.'",
        ),
      ];
    }
    if (text.length > 63) {
      return [invalidField(field, text, "must be no more than 63 characters")];
    }
    return labelValue.test(text) ? [] : [invalidField(field, text, labelValueText)];
  });
}
