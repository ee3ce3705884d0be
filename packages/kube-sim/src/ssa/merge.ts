/** Merging and taking away fields by their types; nothing here knows of managers. */
import { isMap, type JsonMap } from "../json.ts";
import { elementText, isEmptySet, itemElement, itemsOf, type FieldSet } from "./field-set.ts";
import { fieldOf, itemType, shapeOf, type FieldType } from "./field-type.ts";

/**
 * The live value with everything that the configuration says; what it does not say stays as it is.
 */
export function mergeValue(live: unknown, config: unknown, type: FieldType): unknown {
  if (live === undefined) return config;
  const shape = shapeOf(config, type);
  if (shape === "leaf" || shape !== shapeOf(live, type)) return config;
  if (shape === "map") return mergeMaps(live as JsonMap, config as JsonMap, type);
  return mergeLists(live as unknown[], config as unknown[], type);
}

function mergeMaps(live: JsonMap, config: JsonMap, type: FieldType): JsonMap {
  const merged: JsonMap = { ...live };
  for (const [field, value] of Object.entries(config)) {
    merged[field] = mergeValue(live[field], value, fieldOf(type, field));
  }
  return merged;
}

/**
 * The elements of the configuration in its order; elements that only the live list has keep their
 * place relative to the live elements before them.
 */
function mergeLists(live: unknown[], config: unknown[], type: FieldType): unknown[] {
  const inner = itemType(type);
  const liveItems = itemsOf(live, type);
  const wanted = itemsOf(config, type);
  const order = [...liveItems.keys()];
  const merged: unknown[] = [];
  let place = 0;
  const takeLiveOnly = (): void => {
    for (; place < order.length; place += 1) {
      const element = order[place]!;
      if (wanted.has(element)) return;
      merged.push(liveItems.get(element));
    }
  };
  const done = new Set<string>();
  for (const [element, item] of wanted) {
    takeLiveOnly();
    merged.push(type.type === "set" ? item : mergeValue(liveItems.get(element), item, inner));
    done.add(element);
    while (place < order.length && done.has(order[place]!)) place += 1;
  }
  for (; place < order.length; place += 1) {
    const element = order[place]!;
    if (!wanted.has(element)) merged.push(liveItems.get(element));
  }
  return merged;
}

interface Sets {
  readonly gone: FieldSet;
  readonly kept: FieldSet | undefined;
}

/**
 * Takes the fields in `gone` out of a value, save for those that `kept` has or needs in order to
 * reach its own fields. Maps and lists that become empty by it go too.
 */
export function removeFields(value: unknown, type: FieldType, sets: Sets): unknown {
  const shape = shapeOf(value, type);
  if (shape === "leaf" || sets.gone.children.size === 0) return value;
  if (shape === "map") return removeFromMap(value as JsonMap, type, sets);
  return removeFromList(value as unknown[], type, sets);
}

/** What becomes of one child: undefined when it goes. */
function remainder(value: unknown, type: FieldType, element: string, sets: Sets): unknown {
  const gone = sets.gone.children.get(element);
  if (gone === undefined) return value;
  const kept = sets.kept?.children.get(element);
  if (gone.member && isEmptySet(kept)) return undefined;
  const rest = removeFields(value, type, { gone, kept });
  return isHollow(rest) && !isHollow(value) && kept?.member !== true ? undefined : rest;
}

function isHollow(value: unknown): boolean {
  return Array.isArray(value)
    ? value.length === 0
    : isMap(value) && Object.keys(value).length === 0;
}

function removeFromMap(value: JsonMap, type: FieldType, sets: Sets): JsonMap {
  const result: JsonMap = {};
  for (const [field, entry] of Object.entries(value)) {
    const rest = remainder(entry, fieldOf(type, field), `f:${field}`, sets);
    if (rest !== undefined) result[field] = rest;
  }
  return result;
}

function removeFromList(value: unknown[], type: FieldType, sets: Sets): unknown[] {
  const inner = itemType(type);
  const keys = type.type === "keyed" ? type.keys : [];
  return value.flatMap((item) => {
    const element = itemElement(item, type);
    if (element === undefined) return [item];
    const rest = remainder(item, inner, element, sets);
    if (rest === undefined) return [];
    // An element that somebody still owns keeps the fields that identify it.
    if (!isMap(rest) || !isMap(item)) return [rest];
    const identity = keys.filter((key) => item[key] !== undefined).map((key) => [key, item[key]]);
    return [{ ...Object.fromEntries(identity), ...rest }];
  });
}

/** The paths of elements that a configuration names twice in a keyed list or a set. */
export function duplicateItems(value: unknown, type: FieldType, path = ""): readonly string[] {
  const shape = shapeOf(value, type);
  if (shape === "leaf") return [];
  if (shape === "map") {
    return Object.entries(value as JsonMap).flatMap(([field, entry]) =>
      duplicateItems(entry, fieldOf(type, field), `${path}.${field}`),
    );
  }
  const seen = new Set<string>();
  const inner = itemType(type);
  return (value as unknown[]).flatMap((item) => {
    const element = itemElement(item, type);
    if (element === undefined) return [];
    const text = elementText(element);
    if (seen.has(element)) return [`${path}: duplicate entries for key ${text}`];
    seen.add(element);
    return type.type === "set" ? [] : duplicateItems(item, inner, path + text);
  });
}
