import { isList, type Plain, type PlainRecord } from "./plain-data.ts";

/**
 * What changed between two pieces of plain data, as plain data: `["=", value]` is another value, `["-"]` a field that is gone, an
 * object the changes of fields (or, by their numbers, of elements of a list of the same length).
 */
export type Patch = Plain;

/** `undefined` when they are the same. Pure. */
export function patchOf(before: Plain, after: Plain): Patch | undefined {
  if (before === after) return undefined;
  const bothObjects =
    typeof before === "object" && typeof after === "object" && before !== null && after !== null;
  if (!bothObjects) return ["=", after];
  if (isList(before)) {
    if (!isList(after) || before.length !== after.length) return ["=", after];
    return listPatch(before, after);
  }
  return isList(after) ? ["=", after] : fieldsPatch(before, after);
}

function listPatch(before: readonly Plain[], after: readonly Plain[]): Patch | undefined {
  let changes: Record<string, Patch> | undefined;
  for (let index = 0; index < after.length; index += 1) {
    const change = patchOf(before[index]!, after[index]!);
    if (change !== undefined) (changes ??= {})[index] = change;
  }
  return changes;
}

/** Plain data has no field called `__proto__`: its encoder marks it. */
function fieldsPatch(before: PlainRecord, after: PlainRecord): Patch | undefined {
  let changes: Record<string, Patch> | undefined;
  for (const name of Object.keys(after)) {
    const change = Object.hasOwn(before, name)
      ? patchOf(before[name]!, after[name]!)
      : ["=", after[name]!];
    if (change !== undefined) (changes ??= {})[name] = change;
  }
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) (changes ??= {})[name] = ["-"];
  }
  return changes;
}

/** The value with the changes in it; what did not change is shared. Pure. */
export function patched(before: Plain, patch: Patch): Plain {
  if (isList(patch)) return patch[1] ?? null;
  if (typeof patch !== "object" || patch === null) return before;
  if (isList(before)) {
    return before.map((part, index) =>
      Object.hasOwn(patch, index) ? patched(part, patch[index]!) : part,
    );
  }
  const fields = new Map(
    typeof before === "object" && before !== null ? Object.entries(before) : [],
  );
  for (const [name, change] of Object.entries(patch)) {
    if (isList(change) && change[0] === "-") fields.delete(name);
    else fields.set(name, patched(fields.get(name) ?? null, change));
  }
  return Object.fromEntries(fields);
}
