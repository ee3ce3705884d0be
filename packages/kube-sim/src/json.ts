/**
 * Reading and copying untyped JSON. Objects of a cluster travel as plain data whose shape only the
 * client knows, so every reader says what it expects and gets a harmless answer when it is not
 * there.
 */

export type JsonMap = { [field: string]: unknown };

export function isMap(value: unknown): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of field names, undefined when any step is missing. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const field of path) {
    if (!isMap(current)) return undefined;
    current = current[field];
  }
  return current;
}

/** The map at a path; an empty one (not linked into the value) when there is none. */
export function mapAt(value: unknown, ...path: readonly string[]): JsonMap {
  const found = valueAt(value, ...path);
  return isMap(found) ? found : {};
}

/** The maps in the list at a path; elements that are no maps are left out. */
export function listAt(value: unknown, ...path: readonly string[]): readonly JsonMap[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found.filter(isMap) : [];
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** The texts in the list at a path. */
export function textsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found.filter((entry) => typeof entry === "string") : [];
}

/** The texts of a map such as labels. */
export function textMapAt(
  value: unknown,
  ...path: readonly string[]
): Readonly<Record<string, string>> {
  const entries = Object.entries(mapAt(value, ...path));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** A copy that shares nothing with the original. Faster than structuredClone for plain JSON. */
export function cloneJson<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isMap(value)) return value;
  const result: JsonMap = {};
  for (const field in value) {
    if (value[field] !== undefined) result[field] = copy(value[field]);
  }
  return result;
}

/**
 * Equality by value; the order of fields in a map does not count, absent and undefined are the
 * same.
 */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    return left.every((entry, index) => equalJson(entry, right[index]));
  }
  if (!isMap(left) || !isMap(right)) return false;
  for (const field in left) {
    if (!equalJson(left[field], right[field])) return false;
  }
  for (const field in right) {
    if (right[field] !== undefined && left[field] === undefined) return false;
  }
  return true;
}

/** Sets the fields that are absent. */
export function fill(target: JsonMap, defaults: JsonMap): void {
  for (const field in defaults) {
    if (target[field] === undefined) target[field] = defaults[field];
  }
}

/** The map in a field, made and linked when it is absent. */
export function ensureMap(target: JsonMap, field: string): JsonMap {
  const found = target[field];
  if (isMap(found)) return found;
  const made: JsonMap = {};
  target[field] = made;
  return made;
}

/** JSON with sorted fields, for hashes that must not depend on the order of fields. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isMap(value)) return JSON.stringify(value) ?? "null";
  const fields = Object.keys(value).filter((field) => value[field] !== undefined);
  const parts = fields
    .toSorted()
    .map((field) => `${JSON.stringify(field)}:${canonicalJson(value[field])}`);
  return `{${parts.join(",")}}`;
}
