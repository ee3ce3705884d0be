/** Values of JSON, compared and patched. Pure. */

type Entry = Readonly<Record<string, unknown>>;

/** True when both say the same; the order of an object's members says nothing. */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => isSameValue(item, other[index]));
  }
  if (!isEntry(one) || !isEntry(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSameValue(one[name], other[name]))
  );
}

/**
 * What was changed from one value to another, made to a third: members that were added, changed or
 * removed are so there too, lists as a whole.
 */
export function withChanges(before: unknown, after: unknown, base: unknown): unknown {
  if (isSameValue(before, after)) return base;
  if (!isEntry(before) || !isEntry(after) || !isEntry(base)) return after;
  const result: Record<string, unknown> = { ...base };
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (isSameValue(before[name], after[name])) continue;
    if (Object.hasOwn(after, name)) {
      result[name] = withChanges(before[name], after[name], base[name]);
    } else delete result[name];
  }
  return result;
}

export function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
