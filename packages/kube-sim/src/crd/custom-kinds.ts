import { isMap, listAt, mapAt, textAt, textsAt, type JsonMap } from "../json.ts";
import type { SimKind } from "../kind.ts";
import { customSchema } from "./custom-schema.ts";

/**
 * The kinds that a CustomResourceDefinition adds: one per served version, the storage version
 * first.
 */
export function customKinds(definition: JsonMap): readonly SimKind[] {
  const spec = mapAt(definition, "spec");
  const names = mapAt(spec, "names");
  const kind = textAt(names, "kind") ?? "";
  const versions = listAt(spec, "versions").filter((version) => version["served"] === true);
  return versions.toSorted(comparePriority).map((version) => {
    const subresources = mapAt(version, "subresources");
    const schema = mapAt(version, "schema", "openAPIV3Schema");
    return {
      group: textAt(spec, "group") ?? "",
      version: textAt(version, "name") ?? "",
      kind,
      plural: textAt(names, "plural") ?? "",
      singular: textAt(names, "singular") ?? kind.toLowerCase(),
      namespaced: textAt(spec, "scope") === "Namespaced",
      shortNames: textsAt(names, "shortNames"),
      categories: textsAt(names, "categories"),
      hasStatus: isMap(subresources["status"]),
      hasScale: isMap(subresources["scale"]),
      hasGeneration: true,
      custom: customSchema(schema, spec["preserveUnknownFields"] === true),
    };
  });
}

/** Versions in the order of discovery: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name. */
function comparePriority(left: JsonMap, right: JsonMap): number {
  const [a, b] = [priority(textAt(left, "name") ?? ""), priority(textAt(right, "name") ?? "")];
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) return b[index]! - a[index]!;
  }
  return 0;
}

function priority(version: string): readonly [number, number, number] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/u.exec(version);
  if (match === null) return [-1, 0, 0];
  const stability = match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}
