/**
 * Data as JSON can hold it, and the way there and back for what it cannot: sets, maps, and numbers such as NaN or -0. No
 * field is known here, so whatever is added to a value is carried too. Functions and instances of classes are refused.
 */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [name: string]: Plain };

export type PlainRecord = { readonly [name: string]: Plain };

/** Fields that are `undefined` are left out, as JSON does it. Throws for what is no data. */
export function toPlain(value: unknown): Plain {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : String(value) };
    case "object":
      return value === null ? null : objectToPlain(value);
    default:
      throw new TypeError(`a ${typeof value} is no data`);
  }
}

function objectToPlain(value: object): Plain {
  if (Array.isArray(value)) return value.map((part) => toPlain(part ?? null));
  if (value instanceof Set) return { $set: [...value].map((part) => toPlain(part)) };
  if (value instanceof Map) {
    return { $map: [...value].map(([key, part]) => [toPlain(key), toPlain(part)]) };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError("an instance of a class is no data");
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const plain: Record<string, Plain> = {};
  for (const name of Object.keys(fields)) {
    // A name of the data's own must not be taken for a mark, nor for the prototype.
    if (name.startsWith("$") || name === "__proto__") return markedObject(fields);
    const part = fields[name];
    if (part !== undefined) plain[name] = toPlain(part);
  }
  return plain;
}

function markedObject(fields: Readonly<Record<string, unknown>>): Plain {
  const entries = Object.entries(fields).filter(([, part]) => part !== undefined);
  return { $object: entries.map(([name, part]) => [name, toPlain(part)]) };
}

/** The way back from `toPlain`. Whoever asks knows the type. */
export function fromPlain(plain: Plain): unknown {
  if (typeof plain !== "object" || plain === null) return plain;
  if (isList(plain)) return plain.map((part) => fromPlain(part));
  const { $number, $set, $map, $object } = plain;
  if (typeof $number === "string") return Number($number);
  if ($set !== undefined) return new Set(listOf($set).map((part) => fromPlain(part)));
  if ($map !== undefined) return new Map(pairsOf($map));
  if ($object !== undefined) return Object.fromEntries(pairsOf($object) as [string, unknown][]);
  return Object.fromEntries(Object.entries(plain).map(([name, part]) => [name, fromPlain(part)]));
}

function pairsOf(plain: Plain): [unknown, unknown][] {
  return listOf(plain).map((pair) => {
    const [key, part] = listOf(pair);
    return [fromPlain(key ?? null), fromPlain(part ?? null)];
  });
}

function listOf(plain: Plain): readonly Plain[] {
  return isList(plain) ? plain : [];
}

/** `Array.isArray` knows no readonly lists. */
export function isList(plain: Plain): plain is readonly Plain[] {
  return Array.isArray(plain);
}

/** JSON with the names of every object in order: equal data, equal text. */
export function canonicalJson(plain: Plain): string {
  if (typeof plain !== "object" || plain === null) return JSON.stringify(plain);
  if (isList(plain)) return `[${plain.map((part) => canonicalJson(part)).join(",")}]`;
  const names = Object.keys(plain).toSorted();
  const parts = names.map((name) => `${JSON.stringify(name)}:${canonicalJson(plain[name]!)}`);
  return `{${parts.join(",")}}`;
}
