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
 * A JSON patch on a copy of a value: all of it, or the first operation that did not fit and why. Pure.
 */
export function applyJsonPatch(
  value: unknown,
  operations: JsonPatch,
): {
  readonly value: unknown;
  readonly problem?: { readonly index: number; readonly message: string };
} {
  const draft = structuredClone(value);
  for (const [index, operation] of operations.entries()) {
    const message = apply(draft, operation);
    if (message !== undefined) return { value, problem: { index, message } };
  }
  return { value: draft };
}

/** Changes the draft; a message when the operation does not fit. */
function apply(draft: unknown, operation: JsonPatch[number]): string | undefined {
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
  let error: Error | null | undefined;
  try {
    [error] = applyPatch(draft, [operation as Operation]);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown : new Error("it cannot be applied");
  }
  if (!error) return undefined;
  if (error.name === "TestError") return `the test at ${path} does not hold`;
  if (error.name === "MissingError") return `nothing is at ${error.message.replace(/^.*: /, "")}`;
  return `${op} cannot be applied at ${path}: ${error.message}`;
}
