/**
 * What a round through the server's types does to any built-in object: nulls, empty lists and empty
 * maps of plain text vanish, quantities take their canonical form.
 */
import { isMap, type JsonMap } from "../json.ts";
import { canonicalQuantity } from "./quantity.ts";

/** Maps that are left out when they are empty; other empty maps are structs and mean something. */
const textMaps = new Set([
  "labels",
  "annotations",
  "nodeSelector",
  "matchLabels",
  "data",
  "binaryData",
  "stringData",
  "limits",
  "requests",
  "capacity",
  "allocatable",
  "hard",
  "parameters",
]);

/** Lists that are shown even when they are empty. */
const shownLists = new Set(["rules"]);

/** Subtrees that belong to the user as they are. */
const untouched = new Set(["openAPIV3Schema", "managedFields", "fieldsV1", "data", "stringData"]);

const quantityMaps = new Set([
  "limits",
  "requests",
  "capacity",
  "allocatable",
  "hard",
  "overhead",
  "min",
  "max",
  "default",
  "defaultRequest",
  "maxLimitRequestRatio",
]);

const quantityFields = new Set(["sizeLimit", "averageValue", "divisor"]);

/** Changes the object in place. */
export function tidyValue(value: JsonMap): void {
  for (const [field, entry] of Object.entries(value)) {
    if (isAbsent(field, entry)) delete value[field];
    else if (quantityFields.has(field) && isScalar(entry)) value[field] = canonical(entry);
    else if (quantityMaps.has(field) && isMap(entry)) {
      for (const [name, amount] of Object.entries(entry)) {
        if (isScalar(amount)) entry[name] = canonical(amount);
      }
    } else if (!untouched.has(field)) tidyInner(entry);
  }
}

function tidyInner(entry: unknown): void {
  if (Array.isArray(entry)) entry.forEach(tidyInner);
  else if (isMap(entry)) tidyValue(entry);
}

function isAbsent(field: string, entry: unknown): boolean {
  if (entry === null) return true;
  if (Array.isArray(entry)) return entry.length === 0 && !shownLists.has(field);
  return isMap(entry) && textMaps.has(field) && Object.keys(entry).length === 0;
}

function isScalar(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function canonical(value: string | number): string {
  return canonicalQuantity(value) ?? String(value);
}
