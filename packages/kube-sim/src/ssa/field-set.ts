/**
 * Sets of fields, in the shape of FieldsV1 (k8s.io/apimachinery, metav1.FieldsV1): a tree whose
 * edges are path elements (`f:name`, `k:{"name":"x"}`, `v:"x"`) and whose nodes say whether the
 * path to them is a member.
 */
import { canonicalJson, equalJson, isMap, type JsonMap } from "../json.ts";
import { fieldOf, itemType, shapeOf, type FieldType } from "./field-type.ts";

export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { member: false, children: new Map() };
const leaf: FieldSet = { member: true, children: new Map() };

export function isEmptySet(set: FieldSet | undefined): boolean {
  return set === undefined || (!set.member && set.children.size === 0);
}

/** The path element of a list's element. Undefined when a key field is missing. */
export function itemElement(item: unknown, type: FieldType): string | undefined {
  if (type.type === "set") return `v:${JSON.stringify(item)}`;
  if (type.type !== "keyed" || !isMap(item)) return undefined;
  const key: JsonMap = {};
  for (const field of type.keys) {
    const value = item[field] ?? type.keyDefaults[field];
    // structured-merge-diff lets a key field be absent as long as one of them is there.
    if (value !== undefined) key[field] = value;
  }
  return Object.keys(key).length === 0 ? undefined : `k:${canonicalJson(key)}`;
}

/** Every element of a list by its path element, in order; the first of duplicates wins. */
export function itemsOf(list: readonly unknown[], type: FieldType): Map<string, unknown> {
  const items = new Map<string, unknown>();
  for (const item of list) {
    const element = itemElement(item, type);
    if (element !== undefined && !items.has(element)) items.set(element, item);
  }
  return items;
}

/**
 * The fields that a manager declares by a value: its leaves, the elements of its lists, and maps that are empty. Lists without an
 * element declare nothing, unless they are one value as a whole.
 */
export function fieldSetOf(value: unknown, type: FieldType): FieldSet {
  const shape = shapeOf(value, type);
  if (shape === "leaf") return leaf;
  const children = new Map<string, FieldSet>();
  if (shape === "map") {
    const entries = Object.entries(value as JsonMap).filter(([, entry]) => entry !== undefined);
    for (const [field, entry] of entries) {
      const inner = fieldSetOf(entry, fieldOf(type, field));
      if (!isEmptySet(inner)) children.set(`f:${field}`, inner);
    }
    return { member: entries.length === 0, children };
  }
  for (const [element, item] of itemsOf(value as unknown[], type)) {
    const inner = shape === "set" ? leaf : fieldSetOf(item, itemType(type));
    children.set(element, { member: true, children: inner.children });
  }
  return { member: false, children };
}

/** Everything in a value, the maps and lists that hold it too: what comes or goes with it as a whole. */
function wholeOf(value: unknown, type: FieldType): FieldSet {
  const shape = shapeOf(value, type);
  if (shape === "leaf") return leaf;
  const children = new Map<string, FieldSet>();
  if (shape === "map") {
    for (const [field, entry] of Object.entries(value as JsonMap)) {
      if (entry !== undefined) children.set(`f:${field}`, wholeOf(entry, fieldOf(type, field)));
    }
  } else {
    for (const [element, item] of itemsOf(value as unknown[], type)) {
      children.set(element, shape === "set" ? leaf : wholeOf(item, itemType(type)));
    }
  }
  return { member: true, children };
}

/** The fields of `before` that are not in `after` any more. */
export function removedFields(before: unknown, after: unknown, type: FieldType): FieldSet {
  return changedFields(after, before, type, "absent");
}

/**
 * The fields whose value in `after` differs from that in `before`, or that are new; with `absent`, only those that `before` has
 * not.
 */
export function changedFields(
  before: unknown,
  after: unknown,
  type: FieldType,
  which: "absent" | "other" = "other",
): FieldSet {
  if (after === undefined) return emptySet;
  if (before === undefined) return wholeOf(after, type);
  const shape = shapeOf(after, type);
  if (shape === "leaf" || shape !== shapeOf(before, type)) {
    return which === "absent" || equalJson(before, after) ? emptySet : wholeOf(after, type);
  }
  const children = new Map<string, FieldSet>();
  const add = (element: string, set: FieldSet): void => {
    if (!isEmptySet(set)) children.set(element, set);
  };
  if (shape === "map") {
    for (const [field, entry] of Object.entries(after as JsonMap)) {
      const old = (before as JsonMap)[field];
      add(`f:${field}`, changedFields(old, entry, fieldOf(type, field), which));
    }
    return { member: false, children };
  }
  const old = itemsOf(before as unknown[], type);
  for (const [element, item] of itemsOf(after as unknown[], type)) {
    if (!old.has(element)) {
      add(element, shape === "set" ? leaf : wholeOf(item, itemType(type)));
    } else if (shape === "keyed") {
      add(element, changedFields(old.get(element), item, itemType(type), which));
    }
  }
  return { member: false, children };
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right;
  if (isEmptySet(right)) return left;
  const children = new Map(left.children);
  for (const [element, child] of right.children) {
    const other = children.get(element);
    children.set(element, other === undefined ? child : union(other, child));
  }
  return { member: left.member || right.member, children };
}

/** The members of `left` that are no members of `right`. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    const rest = other === undefined ? child : difference(child, other);
    if (!isEmptySet(rest)) children.set(element, rest);
  }
  return { member: left.member && !right.member, children };
}

/** The members that both have. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    const both = other === undefined ? emptySet : intersection(child, other);
    if (!isEmptySet(both)) children.set(element, both);
  }
  return { member: left.member && right.member, children };
}

export function equalSets(left: FieldSet, right: FieldSet): boolean {
  if (left.member !== right.member || left.children.size !== right.children.size) return false;
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    if (other === undefined || !equalSets(child, other)) return false;
  }
  return true;
}

/** Every member as people read it: `.spec.containers[name="web"].image`. */
export function pathsOf(set: FieldSet, prefix = ""): readonly string[] {
  const own = set.member && prefix !== "" ? [prefix] : [];
  const below = [...set.children].flatMap(([element, child]) =>
    pathsOf(child, prefix + elementText(element)),
  );
  return [...own, ...below];
}

/** A path element as people read it: `.image`, `[name="web"]`. */
export function elementText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith("f:")) return `.${rest}`;
  if (element.startsWith("v:")) return `[=${rest}]`;
  const key: unknown = JSON.parse(rest);
  const parts = isMap(key)
    ? Object.entries(key).map(([field, value]) => `${field}=${JSON.stringify(value)}`)
    : [];
  return `[${parts.join(",")}]`;
}

export function toFieldsV1(set: FieldSet): JsonMap {
  const result: JsonMap = {};
  if (set.member && set.children.size > 0) result["."] = {};
  for (const [element, child] of set.children) result[element] = toFieldsV1(child);
  return result;
}

/** Reads FieldsV1; what is no map in it is ignored. */
export function fromFieldsV1(fields: JsonMap): FieldSet {
  return { ...readNode(fields), member: false };
}

function readNode(node: JsonMap): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of Object.entries(node)) {
    if (element !== "." && isMap(child)) children.set(element, readNode(child));
  }
  return { member: "." in node || children.size === 0, children };
}
