/**
 * Places where Kubernetes takes nothing but text, and YAML's numbers and booleans are a common
 * mistake.
 */
import { isMap, type JsonMap } from "../json.ts";

export interface WrongText {
  /** `.spec.template.metadata.labels.app` */
  readonly path: string;
  readonly value: unknown;
}

const textMaps = new Set(["labels", "annotations", "matchLabels", "nodeSelector", "stringData"]);
const textFields = new Set(["name", "namespace", "image"]);
/** Subtrees whose field names are the user's own. */
const foreign = new Set(["openAPIV3Schema", "managedFields"]);

/** Every value of a built-in kind that should be text and is none. Null means absent. */
export function wrongTexts(object: JsonMap): readonly WrongText[] {
  const found: WrongText[] = [];
  const isConfig = object["kind"] === "ConfigMap" || object["kind"] === "Secret";
  walk(object, "", found);
  if (isConfig) checkMap(object["data"], ".data", found);
  return found;
}

function isWrong(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function checkMap(map: unknown, path: string, found: WrongText[]): void {
  if (!isMap(map)) return;
  for (const [key, value] of Object.entries(map)) {
    if (isWrong(value)) found.push({ path: `${path}.${key}`, value });
  }
}

function walk(value: unknown, path: string, found: WrongText[]): void {
  if (Array.isArray(value)) {
    const isEnvironment = path.endsWith(".env");
    value.forEach((item: unknown, index) => {
      const name: unknown = isMap(item) ? item["name"] : undefined;
      const place = `${path}[${typeof name === "string" ? `name="${name}"` : index}]`;
      if (isEnvironment && isMap(item) && isWrong(item["value"])) {
        found.push({ path: `${place}.value`, value: item["value"] });
      }
      walk(item, place, found);
    });
    return;
  }
  if (!isMap(value)) return;
  for (const [field, entry] of Object.entries(value)) {
    const place = `${path}.${field}`;
    if (foreign.has(field)) continue;
    if (textMaps.has(field)) checkMap(entry, place, found);
    else if (textFields.has(field) && isWrong(entry)) found.push({ path: place, value: entry });
    else walk(entry, place, found);
  }
}
