/**
 * How the fields of a kind are owned and merged by server-side apply: a map is granular (each field
 * has its own owner) or atomic, a list is atomic, a set, or keyed by some fields of its elements.
 * Kubernetes publishes this in its OpenAPI document as x-kubernetes-list-type and x-kubernetes-map-
 * type.
 */
export type FieldType =
  | { readonly type: "atomic" }
  /** By the shape of the value: maps are granular, lists and scalars atomic. */
  | { readonly type: "deduced" }
  | { readonly type: "set" }
  | {
      readonly type: "granular";
      readonly fields: Readonly<Record<string, FieldType>>;
      /** The type of fields that are not named. */
      readonly others: FieldType;
    }
  | {
      readonly type: "keyed";
      readonly keys: readonly string[];
      /** Values of key fields that may be absent, such as a port's protocol. */
      readonly keyDefaults: Readonly<Record<string, unknown>>;
      readonly item: FieldType;
    };

export const atomic: FieldType = { type: "atomic" };
export const deduced: FieldType = { type: "deduced" };
export const set: FieldType = { type: "set" };

/** A granular map with some fields of known type; the others are deduced. */
export function granular(fields: Readonly<Record<string, FieldType>>): FieldType {
  return { type: "granular", fields, others: deduced };
}

export function keyed(
  keys: readonly string[],
  item: FieldType = deduced,
  keyDefaults: Readonly<Record<string, unknown>> = {},
): FieldType {
  return { type: "keyed", keys, keyDefaults, item };
}

/** The type of one field of a granular or deduced map. */
export function fieldOf(type: FieldType, field: string): FieldType {
  if (type.type !== "granular") return deduced;
  return Object.hasOwn(type.fields, field) ? (type.fields[field] ?? type.others) : type.others;
}

/** The type of the elements of a keyed list; the element of a set is a leaf whatever its type. */
export function itemType(type: FieldType): FieldType {
  return type.type === "keyed" ? type.item : type;
}

export type Shape = "leaf" | "map" | "keyed" | "set";

/** How a value of this type is walked; a value that does not fit its type is a leaf. */
export function shapeOf(value: unknown, type: FieldType): Shape {
  if (type.type === "atomic" || typeof value !== "object" || value === null) return "leaf";
  if (Array.isArray(value)) {
    return type.type === "keyed" ? "keyed" : type.type === "set" ? "set" : "leaf";
  }
  return type.type === "granular" || type.type === "deduced" ? "map" : "leaf";
}
