import { invalidField, requiredField, type Cause } from "../api-error.ts";
import { isMap, listAt, mapAt, textAt, type JsonMap } from "../json.ts";

/** What is wrong with a CustomResourceDefinition. */
export function validateDefinition(object: JsonMap): readonly Cause[] {
  const spec = mapAt(object, "spec");
  const causes: Cause[] = [];
  const group = textAt(spec, "group") ?? "";
  const plural = textAt(spec, "names", "plural") ?? "";
  if (group === "") causes.push(requiredField("spec.group"));
  if (plural === "") causes.push(requiredField("spec.names.plural"));
  if ((textAt(spec, "names", "kind") ?? "") === "") causes.push(requiredField("spec.names.kind"));
  if ((textAt(spec, "scope") ?? "") === "") causes.push(requiredField("spec.scope"));
  const name = textAt(object, "metadata", "name") ?? "";
  if (name !== `${plural}.${group}`) {
    causes.push(invalidField("metadata.name", name, `must be spec.names.plural+"."+spec.group`));
  }
  const versions = listAt(spec, "versions");
  if (versions.filter((version) => version["storage"] === true).length !== 1) {
    causes.push(
      invalidField(
        "spec.versions",
        versions,
        "must have exactly one version marked as storage version",
      ),
    );
  }
  versions.forEach((version, index) => {
    if (!isMap(mapAt(version, "schema")["openAPIV3Schema"])) {
      causes.push(
        requiredField(`spec.versions[${index}].schema.openAPIV3Schema`, "schemas are required"),
      );
    }
  });
  return causes;
}
