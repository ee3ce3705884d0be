/**
 * Structural schemas of custom resources: what a CustomResourceDefinition's `openAPIV3Schema` does
 * to an object. Unknown fields are pruned, defaults filled in, values validated, and server-side
 * apply learns which lists are keyed.
 */
import { invalidField, requiredField, unsupportedValue, type Cause } from "../api-error.ts";
import {
  cloneJson,
  equalJson,
  isMap,
  listAt,
  mapAt,
  numberAt,
  textAt,
  textsAt,
  type JsonMap,
} from "../json.ts";
import { atomic, deduced, keyed, set, type FieldType } from "../ssa/field-type.ts";

export interface CustomSchema {
  /** The `openAPIV3Schema`. */
  readonly schema: JsonMap;
  /** Whether unknown fields are kept (the definition's `preserveUnknownFields`). */
  readonly preserves: boolean;
  readonly fieldType: FieldType;
}

const preserveMark = "x-kubernetes-preserve-unknown-fields";

export function customSchema(schema: JsonMap, preserves: boolean): CustomSchema {
  const root = fieldTypeOf(schema);
  const metadata: FieldType = {
    type: "granular",
    fields: { finalizers: set, ownerReferences: keyed(["uid"], atomic) },
    others: deduced,
  };
  const fields = root.type === "granular" ? root.fields : {};
  const others = root.type === "granular" ? root.others : deduced;
  const fieldType: FieldType = { type: "granular", fields: { ...fields, metadata }, others };
  return { schema, preserves, fieldType };
}

function fieldTypeOf(schema: JsonMap): FieldType {
  const items = mapAt(schema, "items");
  if (schema["type"] === "array") {
    if (schema["x-kubernetes-list-type"] === "set") return set;
    if (schema["x-kubernetes-list-type"] !== "map") return atomic;
    const keys = textsAt(schema, "x-kubernetes-list-map-keys");
    const defaults = keys
      .map((key): [string, unknown] => [key, mapAt(items, "properties", key)["default"]])
      .filter(([, value]) => value !== undefined);
    return keyed(keys, fieldTypeOf(items), Object.fromEntries(defaults));
  }
  if (schema["x-kubernetes-map-type"] === "atomic") return atomic;
  const fields = Object.entries(mapAt(schema, "properties")).map(
    ([field, inner]): [string, FieldType] => [field, isMap(inner) ? fieldTypeOf(inner) : deduced],
  );
  const additional = schema["additionalProperties"];
  const others = isMap(additional) ? fieldTypeOf(additional) : deduced;
  return { type: "granular", fields: Object.fromEntries(fields), others };
}

/**
 * Removes the fields that the schema does not know, in place; returns their paths (`spec.colour`).
 */
export function pruneUnknown(value: unknown, custom: CustomSchema): readonly string[] {
  if (custom.preserves || !isMap(value)) return [];
  const pruned: string[] = [];
  pruneMap(value, custom.schema, { path: "", isRoot: true, pruned });
  return pruned;
}

const rootFields = new Set(["apiVersion", "kind", "metadata"]);

interface PruneContext {
  readonly path: string;
  readonly isRoot: boolean;
  readonly pruned: string[];
}

function pruneMap(value: JsonMap, schema: JsonMap, context: PruneContext): void {
  const properties = mapAt(schema, "properties");
  const additional = schema["additionalProperties"];
  const isObject = context.isRoot || schema["x-kubernetes-embedded-resource"] === true;
  for (const [field, entry] of Object.entries(value)) {
    if (isObject && rootFields.has(field)) continue;
    const path = context.path === "" ? field : `${context.path}.${field}`;
    const inner = Object.hasOwn(properties, field) ? properties[field] : additional;
    if (isMap(inner)) pruneValue(entry, inner, { ...context, path, isRoot: false });
    else if (inner !== true && schema[preserveMark] !== true) {
      delete value[field];
      context.pruned.push(path);
    }
  }
}

function pruneValue(value: unknown, schema: JsonMap, context: PruneContext): void {
  if (Array.isArray(value)) {
    const items = mapAt(schema, "items");
    value.forEach((item, index) =>
      pruneValue(item, items, { ...context, path: `${context.path}[${index}]` }),
    );
  } else if (isMap(value)) pruneMap(value, schema, context);
}

/** Fills in the defaults of the schema, in place, and drops nulls that may not be there. */
export function fillDefaults(value: unknown, schema: JsonMap): void {
  if (Array.isArray(value)) {
    for (const item of value) fillDefaults(item, mapAt(schema, "items"));
    return;
  }
  if (!isMap(value)) return;
  const properties = mapAt(schema, "properties");
  for (const [field, inner] of Object.entries(properties)) {
    if (!isMap(inner)) continue;
    if (value[field] === null && inner["nullable"] !== true) delete value[field];
    if (value[field] === undefined && inner["default"] !== undefined) {
      value[field] = cloneJson(inner["default"]);
    }
    fillDefaults(value[field], inner);
  }
  const additional = schema["additionalProperties"];
  if (!isMap(additional)) return;
  for (const [field, entry] of Object.entries(value)) {
    if (!Object.hasOwn(properties, field)) fillDefaults(entry, additional);
  }
}

/** What is wrong with a custom resource by its schema. */
export function validateCustom(object: JsonMap, custom: CustomSchema): readonly Cause[] {
  const causes: Cause[] = [];
  const properties = mapAt(custom.schema, "properties");
  for (const field of textsAt(custom.schema, "required")) {
    if (object[field] === undefined) causes.push(requiredField(field));
  }
  for (const [field, inner] of Object.entries(properties)) {
    if (rootFields.has(field) || object[field] === undefined || !isMap(inner)) continue;
    validateValue(object[field], inner, { path: field, causes });
  }
  return causes;
}

interface Check {
  readonly path: string;
  readonly causes: Cause[];
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function hasType(value: unknown, wanted: string): boolean {
  const found = typeName(value);
  return found === wanted || (wanted === "number" && found === "integer");
}

function validateValue(value: unknown, schema: JsonMap, check: Check): void {
  const { path, causes } = check;
  if (value === null && schema["nullable"] === true) return;
  if (schema["x-kubernetes-int-or-string"] === true) {
    if (!hasType(value, "integer") && !hasType(value, "string")) {
      causes.push(typeCause(path, value, "integer,string"));
    }
    return;
  }
  const wanted = textAt(schema, "type");
  if (wanted !== undefined && !hasType(value, wanted)) {
    causes.push(typeCause(path, value, wanted));
    return;
  }
  const choices = schema["enum"];
  if (Array.isArray(choices) && !choices.some((choice) => equalJson(choice, value))) {
    causes.push(unsupportedValue(path, value, choices.map(String)));
  }
  if (typeof value === "string") validateText(value, schema, check);
  else if (typeof value === "number") validateNumber(value, schema, check);
  else if (Array.isArray(value)) validateList(value, schema, check);
  else if (isMap(value)) validateMap(value, schema, check);
  validateCombined(value, schema, check);
}

function typeCause(path: string, value: unknown, wanted: string): Cause {
  const found = typeName(value);
  const detail = `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`;
  return { ...invalidField(path, found, detail), reason: "FieldValueTypeInvalid" };
}

function validateText(value: string, schema: JsonMap, { path, causes }: Check): void {
  const least = numberAt(schema, "minLength");
  const most = numberAt(schema, "maxLength");
  const pattern = textAt(schema, "pattern");
  if (least !== undefined && value.length < least) {
    causes.push(
      invalidField(path, value, `${path} in body should be at least ${least} chars long`),
    );
  }
  if (most !== undefined && value.length > most) {
    const message = `Too long: may not be more than ${most} bytes`;
    causes.push({ reason: "FieldValueTooLong", message, field: path });
  }
  if (pattern !== undefined && !matchesPattern(value, pattern)) {
    causes.push(invalidField(path, value, `${path} in body should match '${pattern}'`));
  }
}

/** Patterns are written for Go; one that JavaScript cannot read does not refuse anything. */
function matchesPattern(value: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

function validateNumber(value: number, schema: JsonMap, { path, causes }: Check): void {
  const least = numberAt(schema, "minimum");
  const most = numberAt(schema, "maximum");
  if (
    least !== undefined &&
    (schema["exclusiveMinimum"] === true ? value <= least : value < least)
  ) {
    causes.push(
      invalidField(path, value, `${path} in body should be greater than or equal to ${least}`),
    );
  }
  if (most !== undefined && (schema["exclusiveMaximum"] === true ? value >= most : value > most)) {
    causes.push(
      invalidField(path, value, `${path} in body should be less than or equal to ${most}`),
    );
  }
}

function validateList(value: readonly unknown[], schema: JsonMap, { path, causes }: Check): void {
  const least = numberAt(schema, "minItems");
  const most = numberAt(schema, "maxItems");
  if (least !== undefined && value.length < least) {
    causes.push(
      invalidField(path, value.length, `${path} in body should have at least ${least} items`),
    );
  }
  if (most !== undefined && value.length > most) {
    const message = `Too many: ${value.length}: must have at most ${most} items`;
    causes.push({ reason: "FieldValueTooMany", message, field: path });
  }
  const items = mapAt(schema, "items");
  value.forEach((item, index) => validateValue(item, items, { path: `${path}[${index}]`, causes }));
}

function validateMap(value: JsonMap, schema: JsonMap, { path, causes }: Check): void {
  for (const field of textsAt(schema, "required")) {
    if (value[field] === undefined) causes.push(requiredField(`${path}.${field}`));
  }
  const properties = mapAt(schema, "properties");
  const additional = schema["additionalProperties"];
  for (const [field, entry] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, field) ? properties[field] : additional;
    if (isMap(inner)) validateValue(entry, inner, { path: `${path}.${field}`, causes });
  }
}

function validateCombined(value: unknown, schema: JsonMap, { path, causes }: Check): void {
  const passes = (inner: JsonMap): boolean => {
    const found: Cause[] = [];
    validateValue(value, inner, { path, causes: found });
    return found.length === 0;
  };
  for (const inner of listAt(schema, "allOf")) validateValue(value, inner, { path, causes });
  const any = listAt(schema, "anyOf");
  if (any.length > 0 && !any.some(passes)) {
    causes.push(
      invalidField(path, value, `${path} in body must validate at least one schema (anyOf)`),
    );
  }
  const one = listAt(schema, "oneOf");
  if (one.length > 0 && one.filter(passes).length !== 1) {
    causes.push(
      invalidField(path, value, `${path} in body must validate one and only one schema (oneOf)`),
    );
  }
  const not = schema["not"];
  if (isMap(not) && passes(not)) {
    causes.push(invalidField(path, value, `${path} in body must not validate the schema (not)`));
  }
}
