/**
 * What server-side apply finds wrong with a custom resource before anything else: it is stricter
 * than other writes, and refuses fields that the schema does not declare where they would only
 * prune them.
 */
import { textOf } from "@octoplane/shared/text-of";
import { isMap, mapAt, textAt, type JsonMap } from "../json.ts";
import type { CustomSchema } from "./custom-schema.ts";

const rootFields = new Set(["apiVersion", "kind", "metadata"]);
const preserveMark = "x-kubernetes-preserve-unknown-fields";

/** Problems in the words of structured-merge-diff: `.spec.color: field not declared in schema`. */
export function typedProblems(object: JsonMap, custom: CustomSchema): readonly string[] {
  if (custom.preserves) return [];
  const problems: string[] = [];
  checkMap(object, custom.schema, { path: "", isRoot: true, problems });
  return problems;
}

interface Context {
  readonly path: string;
  readonly isRoot: boolean;
  readonly problems: string[];
}

function checkMap(value: JsonMap, schema: JsonMap, context: Context): void {
  const properties = mapAt(schema, "properties");
  const additional = schema["additionalProperties"];
  const isObject = context.isRoot || schema["x-kubernetes-embedded-resource"] === true;
  for (const [field, entry] of Object.entries(value)) {
    if (isObject && rootFields.has(field)) continue;
    const path = `${context.path}.${field}`;
    const inner = Object.hasOwn(properties, field) ? properties[field] : additional;
    if (isMap(inner)) checkValue(entry, inner, { ...context, path, isRoot: false });
    else if (inner !== true && schema[preserveMark] !== true) {
      context.problems.push(`${path}: field not declared in schema`);
    }
  }
}

function checkValue(value: unknown, schema: JsonMap, context: Context): void {
  if (value === null || schema["x-kubernetes-int-or-string"] === true) return;
  const expected = mismatch(value, textAt(schema, "type"));
  if (expected !== undefined) {
    const shown = isMap(value) || Array.isArray(value) ? "..." : textOf(value);
    const text = `expected ${expected}, got &value.valueUnstructured{Value:${shown}}`;
    context.problems.push(`${context.path}: ${text}`);
  } else if (Array.isArray(value)) {
    const items = mapAt(schema, "items");
    value.forEach((item, index) =>
      checkValue(item, items, { ...context, path: `${context.path}[${index}]` }),
    );
  } else if (isMap(value)) checkMap(value, schema, context);
}

/** What was expected instead, when the type does not fit. */
function mismatch(value: unknown, type: string | undefined): string | undefined {
  switch (type) {
    case "string":
      return typeof value === "string" ? undefined : "string";
    case "boolean":
      return typeof value === "boolean" ? undefined : "boolean";
    case "integer":
    case "number":
      return typeof value === "number" ? undefined : "numeric (int or float)";
    case "array":
      return Array.isArray(value) ? undefined : "list";
    case "object":
      return isMap(value) ? undefined : "map";
    default:
      return undefined;
  }
}
