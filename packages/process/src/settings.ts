import { parseArgs } from "node:util";
import type { Type } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { environment, readYamlFile } from "@octoplane/shared/config";
import { failure, invalid, messageOf } from "@octoplane/shared/errors";

/**
 * The settings of a process from its schema: flags win over the environment, that over the file, that over the defaults.
 * Every scalar has a flag and a variable named by its path: `probe_interval` is `--probe-interval` and
 * `OCTOPLANE_PROBE_INTERVAL`. Unknown keys, flags and values of the wrong type are errors that name them.
 */
export async function readSettings<T>(
  schema: Type.TSchema,
  args: readonly string[],
  defaultFile?: string,
): Promise<T> {
  const scalars = scalarPaths(schema as SchemaNode, []);
  const flags = readFlags(scalars, args);
  const file = flags["config"] ?? environment("OCTOPLANE_CONFIG") ?? defaultFile;
  const content = file === undefined ? {} : await readYamlFile(file);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw invalid([{ field: file ?? "", message: "expected a YAML file of keys and values" }]);
  }
  const settings = structuredClone(content) as Record<string, unknown>;
  for (const { path, type } of scalars) {
    const name = path.join("_");
    const flag = flags[name.replaceAll("_", "-")];
    const text = flag ?? environment(`OCTOPLANE_${name.toUpperCase()}`);
    if (text !== undefined)
      setAt(settings, path, convert(text, type, `--${name.replaceAll("_", "-")}`));
  }
  return readAs<T>(schema, settings, "");
}

/** The flags of a schema, for a help text. */
export function flagsOf(
  schema: Type.TSchema,
): readonly { readonly flag: string; readonly text: string }[] {
  return scalarPaths(schema as SchemaNode, []).map(({ path, description, value }) => ({
    flag: `--${path.join("-").replaceAll("_", "-")}`,
    text: [
      description,
      value === undefined || value === null ? "" : `(default ${JSON.stringify(value)})`,
    ]
      .filter((part) => part !== "")
      .join(" "),
  }));
}

interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly description?: string;
  readonly default?: unknown;
}

interface Scalar {
  readonly path: readonly string[];
  readonly type: "string" | "number" | "boolean";
  readonly description: string;
  readonly value: unknown;
}

function scalarPaths(node: SchemaNode, path: readonly string[]): readonly Scalar[] {
  if (node.properties) {
    return Object.entries(node.properties).flatMap(([name, part]) =>
      scalarPaths(part, [...path, name]),
    );
  }
  const types = (node.anyOf ?? [node]).map((part) => part.type).filter((type) => type !== "null");
  const type = types[0] === "integer" ? "number" : types[0];
  if (type !== "string" && type !== "number" && type !== "boolean") return [];
  return [{ path, type, description: node.description ?? "", value: node.default }];
}

function readFlags(
  scalars: readonly Scalar[],
  args: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const options = Object.fromEntries(
    [["config"], ...scalars.map(({ path }) => path)].map((path) => [
      path.join("-").replaceAll("_", "-"),
      { type: "string" as const },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values as Record<
      string,
      string
    >;
  } catch (error) {
    throw failure("Invalid", messageOf(error).split(". ")[0] ?? "unknown flag");
  }
}

function convert(text: string, type: Scalar["type"], flag: string): string | number | boolean {
  if (type === "string") return text;
  if (type === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw invalid([{ field: flag, message: `expected true or false, found ${text}` }]);
  }
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) {
    throw invalid([{ field: flag, message: `expected a number, found ${text}` }]);
  }
  return value;
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  const next =
    typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
  target[head] = next;
  setAt(next, rest, value);
}
