import { applyPatch, type Operation } from "rfc6902";
import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";

const pointer = (description: string) =>
  Type.String({ pattern: "^(/([^/~]|~[01])*)+$", maxLength: 1_000, description });

/** Operations of a JSON patch (RFC 6902). The whole document cannot be replaced. */
export const JsonPatchSchema = Type.Array(
  Type.Object(
    {
      op: Type.Union([
        Type.Literal("add"),
        Type.Literal("remove"),
        Type.Literal("replace"),
        Type.Literal("move"),
        Type.Literal("copy"),
        Type.Literal("test"),
      ]),
      path: pointer("a JSON pointer (RFC 6901) to what is changed"),
      from: Type.Optional(pointer("of move and copy")),
      value: Type.Optional(Type.Unknown({ description: "of add, replace and test" })),
    },
    { additionalProperties: false },
  ),
  { minItems: 1, maxItems: limits.patchOperationsMax, description: "a JSON patch (RFC 6902)" },
);
export type JsonPatch = Static<typeof JsonPatchSchema>;

/**
 * A document that is being patched. Only what stands on the way to a change is copied: a manifest may have millions of parts.
 */
export interface Draft {
  readonly value: unknown;
  /** What was copied already, and may be changed. */
  readonly owned: WeakSet<object>;
  /** What the operations may still copy, as JSON: each copy of everything doubles it. */
  chars: number;
}

export function draftOf(document: unknown): Draft {
  const owned = new WeakSet();
  return { value: ownCopy(document, owned), owned, chars: limits.patchCopiedCharsMax };
}

export interface PatchProblem {
  readonly index: number;
  readonly message: string;
}

/**
 * A JSON patch on a copy of a value: all of it, or the first operation that did not fit and why. Pure.
 */
export function applyJsonPatch(
  value: unknown,
  operations: JsonPatch,
): { readonly value: unknown; readonly problem?: PatchProblem } {
  const draft = draftOf(value);
  const problem = patchDraft(draft, operations);
  return problem === undefined ? { value: draft.value } : { value, problem };
}

/** Changes the draft, up to the first operation that does not fit. */
export function patchDraft(draft: Draft, operations: JsonPatch): PatchProblem | undefined {
  for (const [index, operation] of operations.entries()) {
    const message = apply(draft, operation);
    if (message !== undefined) return { index, message };
  }
  return undefined;
}

/** Changes the draft; a message when the operation does not fit. */
function apply(draft: Draft, operation: JsonPatch[number]): string | undefined {
  const { op, path, from } = operation;
  // What every object inherits is no part of a document; the library passes it over in silence.
  if (/\/(?:__proto__|constructor|prototype)(?:\/|$)/.test(`${from ?? ""} ${path}`)) {
    return "expected a path that does not go through __proto__, constructor or prototype";
  }
  if ((op === "move" || op === "copy") && from === undefined) return `expected from beside ${op}`;
  if (/^(add|replace|test)$/.test(op) && !Object.hasOwn(operation, "value")) {
    return `expected value beside ${op}`;
  }
  if (op === "move" && `${path}/`.startsWith(`${from}/`) && path !== from) {
    return `expected from to be no part of the way to path`;
  }
  const misfit = misfitOf(draft, operation);
  if (misfit !== undefined) return misfit;
  if (op === "move") return move(draft, from ?? "", path);
  if (op !== "test") own(draft, path);
  let error: Error | null | undefined;
  try {
    [error] = applyPatch(draft.value, [operation as Operation]);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown : new Error("it cannot be applied");
  }
  if (!error) return undefined;
  if (error.name === "TestError") return `the test at ${path} does not hold`;
  if (error.name === "MissingError") return `nothing is at ${error.message.replace(/^.*: /, "")}`;
  return `${op} cannot be applied at ${path}: ${error.message}`;
}

/** What was removed is put where the path leads then: indexes of the same list may have moved on. */
function move(draft: Draft, from: string, path: string): string | undefined {
  const source = look(draft.value, from)?.value;
  own(draft, from);
  applyPatch(draft.value, [{ op: "remove", path: from }]);
  const misfit = misfitOf(draft, { op: "add", path });
  if (misfit !== undefined) return misfit;
  own(draft, path);
  const cut = path.lastIndexOf("/");
  const parent = look(draft.value, path.slice(0, cut))?.value as Record<string, unknown>;
  const last = keyOf(path.slice(cut + 1));
  if (!Array.isArray(parent)) parent[last] = source;
  else parent.splice(last === "-" ? parent.length : Number(last), 0, source);
  return undefined;
}

/**
 * The library follows a path into whatever JavaScript finds under a name, the methods that all objects share among it, and takes
 * any word for an index. So the way is looked at first.
 */
function misfitOf(draft: Draft, { op, path, from }: JsonPatch[number]): string | undefined {
  const { value } = draft;
  if (op === "move" || op === "copy") {
    const source = look(value, from ?? "");
    if (source === undefined) return `nothing is at ${from}`;
    if (op === "copy") draft.chars -= JSON.stringify(source.value).length;
    if (draft.chars < 0)
      return `expected copies of ${limits.patchCopiedCharsMax} characters at most`;
  }
  const isNew = op === "add" || op === "move" || op === "copy";
  const cut = path.lastIndexOf("/");
  if (!isNew) return look(value, path) === undefined ? `nothing is at ${path}` : undefined;
  const parent = look(value, path.slice(0, cut))?.value;
  const last = path.slice(cut + 1);
  const takes = Array.isArray(parent)
    ? last === "-" || (isIndex(last) && Number(last) <= parent.length)
    : typeof parent === "object" && parent !== null;
  return takes ? undefined : `nothing is at ${path}`;
}

/** What stands at a place of the document itself (RFC 6901); `undefined` when nothing does. */
function look(document: unknown, path: string): { readonly value: unknown } | undefined {
  let value = document;
  for (const step of path.split("/").slice(1)) {
    const key = keyOf(step);
    if (typeof value !== "object" || value === null) return undefined;
    if (!Object.hasOwn(value, key) || (Array.isArray(value) && !isIndex(key))) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return { value };
}

/** Copies what holds the place of a change, and what holds that. The way is known to be there. */
function own({ value, owned }: Draft, path: string): void {
  let parent = value as Record<string, unknown>;
  for (const step of path.split("/").slice(1, -1)) {
    const key = keyOf(step);
    parent[key] = ownCopy(parent[key], owned);
    parent = parent[key] as Record<string, unknown>;
  }
}

function ownCopy(value: unknown, owned: WeakSet<object>): unknown {
  if (typeof value !== "object" || value === null || owned.has(value)) return value;
  const copy: object = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  owned.add(copy);
  return copy;
}

function keyOf(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

function isIndex(step: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(step);
}
