/** An object of a manifest, or a part of one, as anybody may have written it. */
export type Facts = Readonly<Record<string, unknown>>;

export function isFacts(value: unknown): value is Facts {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Without any facts where there is no object. */
export function factsOf(value: unknown): Facts {
  return isFacts(value) ? value : {};
}

/** Empty where there is no list. What is no object in it keeps its place, without any facts. */
export function listOf(value: unknown): readonly Facts[] {
  return Array.isArray(value) ? value.map(factsOf) : [];
}
