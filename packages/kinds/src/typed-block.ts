import type { FieldProblem } from "@octoplane/shared/errors";

/**
 * Krake's form for things of several types: `{type: X, X: {…}}`. Exactly the block that `type` names is expected. Pure.
 */
export function checkTypedBlock(
  field: string,
  value: Readonly<Record<string, unknown>> & { readonly type: string },
  what: { readonly noun: string; readonly types: readonly string[] },
): readonly FieldProblem[] {
  return what.types.flatMap((type) => {
    const isPresent = value[type] !== undefined;
    if (type === value.type && !isPresent) {
      return [{ field: `${field}.${type}`, message: `expected for ${what.noun} of type ${type}` }];
    }
    if (type !== value.type && isPresent) {
      return [{ field: `${field}.${type}`, message: `not expected: the type is ${value.type}` }];
    }
    return [];
  });
}
