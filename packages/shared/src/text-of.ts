/**
 * A value from outside as a text, for a message or a comparison: texts and numbers as they are, everything else as JSON.
 * `String(value)` calls the value's own `toString`, which JSON from elsewhere may hold as anything but a function, and so
 * throws.
 */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "function" || typeof value === "symbol") return typeof value;
  if (typeof value === "number" || typeof value === "bigint") return value.toString();
  return JSON.stringify(value) ?? "undefined";
}
