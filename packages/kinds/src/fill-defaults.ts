/**
 * A value with the defaults of its schema filled in: a copy as far as something was missing, the value itself elsewhere.
 * Follows objects, maps and lists; a union of an object and null is followed when the value is an object. Typebox's own
 * filler checks every union by interpreting it, which costs more than all the rest of reading a body.
 */
interface SchemaNode {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

export function fillDefaults(schema: object, value: unknown): unknown {
  const node = schema as SchemaNode;
  const given = value === undefined ? freshDefault(node.default) : value;
  if (typeof given !== "object" || given === null) return given;
  if (Array.isArray(given)) return node.items === undefined ? given : fillList(node.items, given);
  if (node.properties) return fillObject(node.properties, given as Record<string, unknown>);
  const pattern = Object.values(node.patternProperties ?? {})[0];
  if (pattern && hasDefaults(pattern)) return fillMap(pattern, given as Record<string, unknown>);
  const variant = node.anyOf?.find((candidate) => candidate.properties);
  return variant === undefined ? given : fillDefaults(variant, given);
}

function fillObject(
  properties: Readonly<Record<string, SchemaNode>>,
  given: Readonly<Record<string, unknown>>,
): unknown {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(properties)) {
    const before = Object.hasOwn(given, name) ? given[name] : undefined;
    const after = fillDefaults(properties[name]!, before);
    if (after === before) continue;
    copy ??= { ...given };
    copy[name] = after;
  }
  return copy ?? given;
}

function fillList(items: SchemaNode, given: readonly unknown[]): unknown {
  if (!hasDefaults(items)) return given;
  const filled = given.map((item) => fillDefaults(items, item));
  return filled.every((item, index) => item === given[index]) ? given : filled;
}

function fillMap(pattern: SchemaNode, given: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(
    Object.entries(given).map(([name, item]) => [name, fillDefaults(pattern, item)]),
  );
}

/** True when there is anything to fill below this schema. */
function hasDefaults(node: SchemaNode): boolean {
  return node.properties !== undefined || node.anyOf !== undefined || node.items !== undefined;
}

/** Defaults are scalars, or lists and maps that are empty or flat. */
function freshDefault(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? [...value] : { ...value };
}
