import type { Type } from "typebox";

/** The settings of a schema as paths: what flags, variables and documentation are made of. Pure. */

interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly description?: string;
  readonly default?: unknown;
}

/** One setting: a value, or a list of them. */
export interface Setting {
  readonly path: readonly string[];
  readonly type: "string" | "number" | "boolean" | "list";
  readonly description: string;
  /** Its default. */
  readonly value: unknown;
}

export function settingsOf(schema: Type.TSchema): readonly Setting[] {
  return settingsIn(schema as SchemaNode, []);
}

/** Those that have a flag and a variable: all but lists. */
export function scalarsOf(schema: Type.TSchema): readonly Setting[] {
  return settingsOf(schema).filter(({ type }) => type !== "list");
}

/** `tls.client_ca` → `tls-client-ca` */
export function flagName(path: readonly string[]): string {
  return path.join("-").replaceAll("_", "-");
}

/** `tls.client_ca` → `OCTOPLANE_TLS_CLIENT_CA` */
export function variableName(path: readonly string[]): string {
  return `OCTOPLANE_${path.join("_").toUpperCase()}`;
}

/** The keys that may stand at a place of a file; `undefined` where anything may. */
export function keysAt(
  schema: Type.TSchema,
  path: readonly string[],
): readonly string[] | undefined {
  let node: SchemaNode | undefined = schema as SchemaNode;
  for (const part of path) {
    node = /^\d+$/.test(part) ? node?.items : node?.properties?.[part];
    if (!node) return undefined;
  }
  return node.properties === undefined ? undefined : Object.keys(node.properties);
}

function settingsIn(node: SchemaNode, path: readonly string[]): readonly Setting[] {
  if (node.properties) {
    return Object.entries(node.properties).flatMap(([name, part]) =>
      settingsIn(part, [...path, name]),
    );
  }
  const common = { path, description: node.description ?? "", value: node.default };
  const types = (node.anyOf ?? [node]).map((part) => part.type).filter((type) => type !== "null");
  const type = types[0] === "integer" ? "number" : types[0];
  if (type === "array") return [{ ...common, type: "list" }];
  if (type !== "string" && type !== "number" && type !== "boolean") return [];
  return [{ ...common, type }];
}
