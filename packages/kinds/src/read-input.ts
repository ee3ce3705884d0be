import { textOf } from "@octoplane/shared/text-of";
import { Type } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { invalid, type FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { fillDefaults } from "./fill-defaults.ts";
import { readKrakeForm } from "./krake-form.ts";
import { checkMetadata, MetadataInputSchema, type MetadataInput } from "./metadata.ts";
import type { AnyKind } from "./kind.ts";

/** A body that has passed its schema: defaults filled, nothing unknown in it. */
export interface Input {
  readonly metadata: MetadataInput;
  /** As sent; only the status route reads it. */
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

const validators = new WeakMap<object, Validator>();

/** What a client may send for a kind: the whole object, of which the server's own parts are optional. */
export function inputSchema(kind: AnyKind): Type.TSchema {
  return Type.Object(
    {
      api: Type.Optional(Type.Literal(kind.api)),
      kind: Type.Optional(Type.Literal(kind.kind)),
      metadata: MetadataInputSchema,
      ...kind.fields,
      ...(kind.status === undefined ? {} : { status: Type.Optional(Type.Unknown()) }),
    },
    { additionalProperties: false },
  );
}

const inputSchemas = new WeakMap<AnyKind, Type.TSchema>();

/**
 * Reads a body for a kind: fills defaults, checks the schema and then what a schema cannot say.
 * Throws one `Invalid` error with every problem. The body itself is not changed.
 */
export function readInput(kind: AnyKind, body: unknown): Input {
  let schema = inputSchemas.get(kind);
  if (!schema) inputSchemas.set(kind, (schema = inputSchema(kind)));
  const declared = kind.krakeForm ? readKrakeForm(kind.krakeForm, body) : body;
  const input = readAs<Input>(schema, declared);
  const problems = [
    ...checkMetadata(input.metadata),
    ...kind.validate(input as unknown as Parameters<AnyKind["validate"]>[0]),
  ];
  if (problems.length > 0) throw invalid(bounded(problems));
  return input;
}

/** Reads any value by a schema: a copy with its defaults, or one `Invalid` error with every problem. */
export function readAs<T>(schema: Type.TSchema, value: unknown, at = ""): T {
  let validator = validators.get(schema);
  if (!validator) validators.set(schema, (validator = Compile(schema)));
  const filled: unknown = fillDefaults(schema, value);
  if (validator.Check(filled)) return filled as T;
  throw invalid(bounded(schemaProblems(validator, filled, at)));
}

/** A body of megabytes may be wrong a million times; nobody reads more than a screen or two of it. */
export function bounded(problems: readonly FieldProblem[]): readonly FieldProblem[] {
  const more = problems.length - limits.fieldProblemsMax;
  if (more <= 0) return problems;
  return [
    ...problems.slice(0, limits.fieldProblemsMax),
    { field: "", message: `and ${more} more problems` },
  ];
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

/** The validator's errors in our words, one per place: the most telling, with the field as people write it. */
function schemaProblems(validator: Validator, value: unknown, at: string): readonly FieldProblem[] {
  const found = new Map<string, string>();
  for (const error of validator.Errors(value) as Iterable<SchemaError>) {
    if (error.keyword === "anyOf" || error.keyword === "boolean") continue;
    for (const [path, message] of describe(error, value)) {
      const previous = found.get(path);
      const joined =
        previous === undefined || previous === message
          ? message
          : `${previous.replace(/ \(found \w+\)$/, "")} or ${message.replace(/^must be /, "")}`;
      found.set(path, joined);
    }
  }
  if (found.size === 0) return [{ field: at, message: "does not match its schema" }];
  return [...found].map(([path, message]) => ({
    field: fieldOf(at, path),
    message: message.startsWith("must be ") ? `expected ${message.slice(8)}` : message,
  }));
}

function describe(error: SchemaError, value: unknown): readonly (readonly [string, string])[] {
  const params = error.params as Readonly<Record<string, unknown>>;
  const path = error.instancePath;
  const each = (names: unknown, message: string) =>
    (names as readonly string[]).map((name) => [`${path}/${escape(name)}`, message] as const);
  switch (error.keyword) {
    case "required":
      return each(params["requiredProperties"], "expected, but missing");
    case "additionalProperties":
      return each(params["additionalProperties"], "unknown field");
    case "const":
      return [[path, `must be ${JSON.stringify(params["allowedValue"])}`]];
    case "type":
      return [[path, `must be ${textOf(params["type"])}${foundAt(value, path)}`]];
    default:
      return [[path, error.message]];
  }
}

function foundAt(root: unknown, path: string): string {
  let value = root;
  for (const part of path.split("/").slice(1)) {
    value = (value as Record<string, unknown> | undefined)?.[unescape(part)];
  }
  if (value === undefined) return "";
  const what = Array.isArray(value) ? "array" : typeof value;
  return ` (found ${value === null ? "null" : what})`;
}

/** `/spec/manifest/0/kind` → `spec.manifest[0].kind`. */
function fieldOf(at: string, path: string): string {
  let field = at;
  for (const part of path.split("/").slice(1).map(unescape)) {
    if (/^\d+$/.test(part)) field += `[${part}]`;
    else field += field === "" ? part : `.${part}`;
  }
  return field;
}

function escape(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

function unescape(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
