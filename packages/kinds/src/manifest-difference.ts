import { isFacts, type Facts } from "./manifest-facts.ts";
import { identify, type ManifestObject } from "./manifest.ts";
import { workloadText } from "./workload.ts";

/** What is different between two manifests, object by object. */
export interface ObjectDifference {
  /** `Deployment/web in shop` */
  readonly object: string;
  readonly change: "added" | "removed" | "changed";
  /** Of an object that changed: where. */
  readonly fields: readonly FieldDifference[];
}

/** One value that is different; left out on the side that does not have it. */
export interface FieldDifference {
  /** `spec.template.spec.containers[app].image` */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Takes the place of what a Secret holds: that it is different is told, not what it is. */
const hidden = "(hidden)";

/**
 * The objects of which one of two manifests has more, or something else, in the order of the later one, the removed ones last.
 * Lists of things with names are compared by these names, as their order means nothing; other lists by position. Pure.
 */
export function manifestDifference(
  before: readonly ManifestObject[],
  after: readonly ManifestObject[],
): readonly ObjectDifference[] {
  const old = new Map(before.map((item) => [textOfObject(item), item]));
  const names = new Set(after.map(textOfObject));
  const present = after.flatMap((item): readonly ObjectDifference[] => {
    const object = textOfObject(item);
    const previous = old.get(object);
    if (previous === undefined) return [{ object, change: "added", fields: [] }];
    const fields = differences("", previous, item).map((field) =>
      item["kind"] === "Secret" && /^(?:data|stringData)\b/.test(field.path)
        ? withoutValues(field)
        : field,
    );
    return fields.length === 0 ? [] : [{ object, change: "changed", fields }];
  });
  const removed = [...old.keys()]
    .filter((object) => !names.has(object))
    .map((object): ObjectDifference => ({ object, change: "removed", fields: [] }));
  return [...present, ...removed];
}

function textOfObject(item: ManifestObject): string {
  const identity = identify(item);
  if ("problem" in identity) return JSON.stringify([item["kind"], item["metadata"]]);
  const { group } = identity;
  return group === "" ? workloadText(identity) : `${workloadText(identity)} (${group})`;
}

function withoutValues({ path, ...values }: FieldDifference): FieldDifference {
  return {
    path,
    ...("before" in values ? { before: hidden } : {}),
    ...("after" in values ? { after: hidden } : {}),
  };
}

function differences(path: string, before: unknown, after: unknown): readonly FieldDifference[] {
  if (isFacts(before) && isFacts(after)) return differencesOfFacts(path, before, after);
  if (Array.isArray(before) && Array.isArray(after)) {
    const [one, other] = [byName(before), byName(after)];
    if (one && other) return differencesOfItems(path, one, other);
    return differencesOfItems(path, byPosition(before), byPosition(after));
  }
  return Object.is(before, after) ? [] : [{ path, before, after }];
}

function differencesOfFacts(path: string, before: Facts, after: Facts): readonly FieldDifference[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) =>
    differencesAt(path === "" ? key : `${path}.${key}`, sideOf(before, key), sideOf(after, key)),
  );
}

type Side = { readonly value: unknown } | undefined;

function sideOf(facts: Facts, key: string): Side {
  return Object.hasOwn(facts, key) ? { value: facts[key] } : undefined;
}

function differencesOfItems(
  path: string,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): readonly FieldDifference[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  const side = (items: ReadonlyMap<string, unknown>, key: string): Side =>
    items.has(key) ? { value: items.get(key) } : undefined;
  return [...keys].flatMap((key) =>
    differencesAt(`${path}[${key}]`, side(before, key), side(after, key)),
  );
}

function differencesAt(path: string, before: Side, after: Side): readonly FieldDifference[] {
  if (before && after) return differences(path, before.value, after.value);
  if (before) return [{ path, before: before.value }];
  return after ? [{ path, after: after.value }] : [];
}

/** `undefined` when it is no list of things with names of their own. */
function byName(list: readonly unknown[]): ReadonlyMap<string, unknown> | undefined {
  const items = new Map<string, unknown>();
  for (const item of list) {
    if (!isFacts(item) || typeof item["name"] !== "string" || items.has(item["name"])) {
      return undefined;
    }
    items.set(item["name"], item);
  }
  return items;
}

function byPosition(list: readonly unknown[]): ReadonlyMap<string, unknown> {
  return new Map(list.map((item, index) => [String(index), item]));
}
