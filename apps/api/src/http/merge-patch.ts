/** The type of a body that is one (RFC 7396, section 4). */
export const mergePatchType = "application/merge-patch+json";

/**
 * The target after a JSON merge patch (RFC 7396): objects are merged member by member, null removes a member, everything
 * else takes the place of what was there. Neither argument is changed. Recursion is bounded by the depth that a body may have.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  // Not by assignment: a member named `__proto__` is a member like any other.
  return Object.fromEntries(merged);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
