/**
 * A value of Krake's in the form of ours. Krake drops what it does not know at every read and writes null for what was never
 * set; our schemas allow neither. What is unknown is left out and named, null is left out where it may not stand, so that the
 * default comes in its place. Everything else is left to validation. Pure.
 */
export function fitSchema(
  schema: object,
  value: unknown,
  at: string,
): { readonly value: unknown; readonly dropped: readonly string[] } {
  const dropped: string[] = [];
  return { value: fit(schema as SchemaNode, value, at, dropped), dropped };
}

interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

function fit(node: SchemaNode, value: unknown, at: string, dropped: string[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const { items } = variantOf(node, (one) => one.items !== undefined) ?? {};
    if (!items) return value;
    return value.map((item, index) => fit(items, item, `${at}[${index}]`, dropped));
  }
  const { properties } = variantOf(node, (one) => one.properties !== undefined) ?? {};
  if (!properties) return value;
  const result: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    const place = at === "" ? name : `${at}.${name}`;
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!inner) {
      // Nobody misses what says nothing.
      if (part !== null) dropped.push(place);
      continue;
    }
    if (part === null && !acceptsNull(inner)) continue;
    result[name] = fit(inner, part, place, dropped);
  }
  return result;
}

function variantOf(
  node: SchemaNode,
  matches: (node: SchemaNode) => boolean,
): SchemaNode | undefined {
  return matches(node) ? node : node.anyOf?.find(matches);
}

function acceptsNull(node: SchemaNode): boolean {
  if (node.anyOf) return node.anyOf.some(acceptsNull);
  if (node.type !== undefined) return node.type === "null";
  // A schema that says nothing takes everything.
  return node.const === undefined;
}
