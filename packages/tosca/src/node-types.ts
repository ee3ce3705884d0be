import { limits } from "@octoplane/shared/limits";
import { entryOf, fieldOf, isEntry, type Entry } from "./entry.ts";

/** The type whose nodes are Kubernetes objects. */
export const kubernetesObject = "tosca.nodes.indigo.KubernetesObject";

/** A type with those that it derives from, nearest first; a circle, or what is too long for a line, ends. Pure. */
export function lineage(type: string, nodeTypes: Entry): readonly string[] {
  const line = new Set<string>();
  for (let current: unknown = type; typeof current === "string" && !line.has(current);) {
    if (line.size >= limits.yamlDepthMax) break;
    line.add(current);
    current = entryOf(fieldOf(nodeTypes, current))["derived_from"];
  }
  return [...line];
}

/** What a type, or one that it derives from, says a property is when a node says nothing. Pure. */
export function defaultOf(type: string, property: string, nodeTypes: Entry): unknown {
  for (const name of lineage(type, nodeTypes)) {
    const properties = entryOf(entryOf(fieldOf(nodeTypes, name))["properties"]);
    const declared = fieldOf(properties, property);
    if (isEntry(declared) && Object.hasOwn(declared, "default")) return declared["default"];
  }
  return undefined;
}
